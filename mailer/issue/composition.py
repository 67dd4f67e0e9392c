"""What one reader's issue says: which part of each brief, in which order, and how much of it.

Takes values and returns values: no store, no clock, no network. How it looks is the templates'
business, the sentences are in ``wording``.
"""

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from typing import Literal, Protocol

from mailer import languages
from mailer.issue import cards, wording
from mailer.issue.cards import LIMITS, Card, Face, Limits, Part
from mailer.issue.content import StoryContent
from mailer.issue.plaintext import clean, shorten
from recommender.ranking.values import Pick

__all__ = [
    "Card",
    "Issue",
    "Links",
    "Part",
    "Publication",
    "ReaderView",
    "StoryContent",
    "compose",
    "weight",
]


class Links(Protocol):
    """The links a copy carries, as absolute URLs (``mailer.links`` makes them)."""

    def click(self, delivery_id: int, story_id: int) -> str: ...
    def feedback(self, delivery_id: int, story_id: int, kind: Literal["more", "less"]) -> str: ...
    def unsubscribe(self, delivery_id: int) -> str: ...
    def preferences(self, delivery_id: int) -> str: ...
    def view(self, delivery_id: int) -> str: ...


@dataclass(frozen=True)
class Publication:
    """What is the same in every copy of an edition. ``edition`` is its name
    (``weekly-2026-W48``), ``day`` when it goes out; without ``tracking`` stories are linked
    directly as far as their addresses are of bearable length. ``language`` is that of readers and
    of stories that do not say another."""

    title: str
    edition: str
    day: date | None
    postal_address: str
    tracking: bool = True
    language: str = languages.SOURCE

    @cached_property
    def name(self) -> str:
        """The title as it is shown."""
        return shorten(clean(self.title), 80)

    @cached_property
    def address(self) -> tuple[str, ...]:
        """The lines of the postal address as they are shown."""
        return tuple(shorten(clean(line), 200) for line in self.postal_address.splitlines()[:8])


@dataclass(frozen=True)
class ReaderView:
    """What a copy may show of its reader. ``topics`` maps names to weights, −2 … +3."""

    name: str = ""
    locale: str | None = None
    roles: tuple[str, ...] = ()
    topics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Issue:
    """All that the templates show, cleaned and trimmed; nothing of it is markup. ``trap_url``, for
    machines that follow every link, is empty without tracking."""

    lang: str
    subject: str
    preheader: str
    title: str
    date: str
    intro: str
    lead: Card
    cards: tuple[Card, ...]
    footer_why: str
    postal_address: tuple[str, ...]
    unsubscribe_url: str
    preferences_url: str
    view_url: str
    trap_url: str


TRAP = 0
"""In place of a story's number: the link that no reader sees."""
SCALES = (0.7, 0.5, 0.35, 0.2, 0.1)
BUDGET = 98_000
"""Bytes of HTML, at most; Gmail hides what comes after about 102,400."""
FRAME_BYTES = 8_800
CARD_BYTES = 1_800
PART_BYTES = 500
POINT_BYTES = 40
"""Markup around the texts of the shipped template, rounded up; a test holds them to it."""


def compose(
    publication: Publication,
    reader: ReaderView,
    picks: Sequence[Pick],
    stories: Mapping[str, StoryContent],
    links: Links,
    delivery_id: int,
) -> Issue:
    """The issue for one reader. ``picks`` is not empty, best first; ``stories`` by story id.

    Long texts are trimmed until the HTML fits ``BUDGET``. Raises ValueError without picks,
    LookupError when the content of a pick is missing.
    """
    if not picks:
        raise ValueError("an issue needs at least one story")
    for pick in picks:
        if pick.story not in stories:
            raise LookupError(f"the edition holds no content for story {pick.story}")
    issue = _compose(publication, reader, picks, stories, links, delivery_id, LIMITS)
    for scale in SCALES:
        if weight(issue) <= BUDGET:
            break
        limits = LIMITS.scaled(scale)
        issue = _compose(publication, reader, picks, stories, links, delivery_id, limits)
    return issue


def _compose(
    publication: Publication,
    reader: ReaderView,
    picks: Sequence[Pick],
    stories: Mapping[str, StoryContent],
    links: Links,
    delivery_id: int,
    limits: Limits,
) -> Issue:
    language = languages.choose(reader.locale, publication.language)
    order = cards.serving_order(reader.roles)
    longest = None if publication.tracking else limits.url
    known = bool(reader.roles) or any(weight > 0 for weight in reader.topics.values())
    title = publication.name
    composed = [
        Card(
            cards.face(
                stories[pick.story],
                tuple([stories[other] for other in pick.also if other in stories]),
                order,
                limits,
                language,
                lead=place == 0,
                label=wording.label(pick.reasons, language),
                written_in=publication.language,
                urls=_urls(stories[pick.story], int(pick.story), links, delivery_id, longest),
            ),
            why=shorten(wording.why(pick.reasons, language, known=known), limits.line),
        )
        for place, pick in enumerate(picks)
    ]
    lead = stories[picks[0].story]
    subject = wording.subject(lead.title or lead.article_title, title, language)
    return Issue(
        lang=language.tag,
        subject=subject,
        preheader=wording.preheader(
            lead, [card.face.title for card in composed[1:]], subject, language
        ),
        title=title,
        date=wording.date_line(publication.edition, publication.day, language),
        intro=wording.intro(
            reader.name,
            reader.roles,
            reader.topics,
            len(composed),
            shorten(composed[0].face.title, 90),
            language,
        ),
        lead=composed[0],
        cards=tuple(composed[1:]),
        footer_why=wording.footer(title, language),
        postal_address=publication.address,
        unsubscribe_url=links.unsubscribe(delivery_id),
        preferences_url=links.preferences(delivery_id),
        view_url=links.view(delivery_id),
        trap_url=links.click(delivery_id, TRAP) if publication.tracking else "",
    )


def _urls(
    story: StoryContent, number: int, links: Links, delivery_id: int, longest: int | None
) -> tuple[str | None, str, str]:
    """Where a card leads: the story if there is anywhere to go, more like it, less like it.

    Addresses longer than ``longest`` characters (None: all) go by way of the redirect.
    """
    read = story.link
    if read is not None and (longest is None or len(read) > longest):
        read = links.click(delivery_id, number)
    return (
        read,
        links.feedback(delivery_id, number, "more"),
        links.feedback(delivery_id, number, "less"),
    )


def weight(issue: Issue) -> int:
    """Bytes the HTML of an issue takes at most, in the shipped template."""
    texts = list(_own_texts(issue))
    faces = [_face_bytes(card.face) for card in (issue.lead, *issue.cards)]
    most = FRAME_BYTES + sum(map(_most_bytes, texts)) + sum(most for _, most in faces)
    if most <= BUDGET:
        return most
    return FRAME_BYTES + sum(map(_escaped_bytes, texts)) + sum(counted for counted, _ in faces)


def _own_texts(issue: Issue) -> Iterator[str]:
    yield from (issue.subject, issue.subject, issue.preheader, issue.title, issue.date)
    yield from (issue.intro, issue.footer_why, *issue.postal_address)
    yield from (issue.unsubscribe_url, issue.preferences_url, issue.view_url, issue.trap_url)
    yield from (card.why for card in (issue.lead, *issue.cards))


@lru_cache(maxsize=10_000)
def _face_bytes(face: Face) -> tuple[int, int]:
    """What a face takes: as counted, and as it could be at most."""
    points = sum(len(part.points) for part in face.parts)
    markup = CARD_BYTES + PART_BYTES * len(face.parts) + POINT_BYTES * points
    texts = [face.title, *[face.short_title] * 3, *[face.read] * 2, *[face.url or ""] * 2]
    texts += [face.more_url, face.less_url, face.label, face.origin, face.summary]
    texts += [face.also]
    for part in face.parts:
        texts += [part.text, *part.points]
    return markup + sum(map(_escaped_bytes, texts)), markup + sum(map(_most_bytes, texts))


def _most_bytes(text: str) -> int:
    """A character takes at most 5 bytes: ``&#34;``."""
    return 5 * len(text)


def _escaped_bytes(text: str) -> int:
    return len(html.escape(text).encode("utf-8", "replace"))
