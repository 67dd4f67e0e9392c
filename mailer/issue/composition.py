"""What one reader's issue says: which part of each brief, in which order, and how much of it.

Takes values and returns values: no store, no clock, no network. How it looks is the templates'
business, the sentences are in ``wording``.
"""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from typing import Literal, Protocol

from mailer import languages
from mailer.issue import cards, wording
from mailer.issue.cards import LIMITS, Card, Face, Limits, Part
from mailer.issue.content import StoryContent
from mailer.issue.plaintext import clean, shorten
from mailer.issue.wording import LeadReason
from mailer.languages import Language
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


MOST_REMEMBERED = 20_000
"""Cards a composer remembers before it starts anew."""
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
    shown = [(pick.story, wording.lead_reason(pick.reasons), pick.also) for pick in picks]
    return Composer(publication, stories, links).compose(reader, shown, delivery_id)


Shown = tuple[str, LeadReason, tuple[str, ...]]
"""What an issue shows of a pick: the story, what is told of the reasons, and the ids of stories it
stands for."""


class Composer:
    """Composes the issues of one publication. With ``links`` that are the same for every delivery
    (slots), a card that many readers get is composed once."""

    def __init__(
        self,
        publication: Publication,
        stories: Mapping[str, StoryContent],
        links: Links,
        *,
        remember: bool = False,
    ) -> None:
        self._publication = publication
        self._stories = stories
        self._links = links
        self._remember = remember
        self._known: dict[object, dict[object, Card]] = {}
        self._made = 0

    def compose(self, reader: ReaderView, picks: Sequence[Shown], delivery_id: int) -> Issue:
        """As the function of this name."""
        if not picks:
            raise ValueError("an issue needs at least one story")
        issue = self._issue(reader, picks, delivery_id, LIMITS)
        for scale in SCALES:
            if weight(issue) <= BUDGET:
                break
            issue = self._issue(reader, picks, delivery_id, LIMITS.scaled(scale))
        return issue

    def _issue(
        self, reader: ReaderView, picks: Sequence[Shown], delivery_id: int, limits: Limits
    ) -> Issue:
        publication, links = self._publication, self._links
        language = languages.choose(reader.locale, publication.language)
        composed = self._cards(reader, picks, delivery_id, limits, language)
        title = publication.name
        lead = self._stories[picks[0][0]]
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

    def _cards(
        self,
        reader: ReaderView,
        picks: Sequence[Shown],
        delivery_id: int,
        limits: Limits,
        language: Language,
    ) -> list[Card]:
        """The cards, the lead first; from those of earlier readers with the same roles and
        language, if they are remembered."""
        told_us = bool(reader.roles) or any(weight > 0 for weight in reader.topics.values())
        known: dict[object, Card] = {}
        if self._remember and limits is LIMITS:
            known = self._known.setdefault((reader.roles, language.tag, told_us), known)
        found: list[Card] = []
        for pick in picks:
            key = (pick, not found)
            card = known.get(key)
            if card is None:
                urls = self._urls(pick[0], delivery_id, limits)
                card = self._card(
                    pick, reader.roles, limits, language, urls, lead=not found, told_us=told_us
                )
                known[key] = card
                self._made += 1
            found.append(card)
        if self._made > MOST_REMEMBERED:
            self._known, self._made = {}, 0
        return found

    def _card(
        self,
        pick: Shown,
        roles: Sequence[str],
        limits: Limits,
        language: Language,
        urls: tuple[str | None, str, str],
        *,
        lead: bool,
        told_us: bool,
    ) -> Card:
        key, lead_reason, also = pick
        face = cards.face(
            self._stories[key],
            tuple([self._stories[other] for other in also if other in self._stories]),
            cards.serving_order(roles),
            limits,
            language,
            lead=lead,
            label=wording.label(lead_reason, language),
            written_in=self._publication.language,
            urls=urls,
        )
        return Card(face, shorten(wording.why(lead_reason, language, known=told_us), limits.line))

    def _urls(self, key: str, delivery_id: int, limits: Limits) -> tuple[str | None, str, str]:
        """Where a card leads: the story if there is anywhere to go, more like it, less like it.

        Without tracking, addresses of bearable length lead to the story directly.
        """
        story, number, links = self._stories.get(key), int(key), self._links
        if story is None:
            raise LookupError(f"the edition holds no content for story {key}")
        read = story.link
        if read is not None and (self._publication.tracking or len(read) > limits.url):
            read = links.click(delivery_id, number)
        return (
            read,
            links.feedback(delivery_id, number, "more"),
            links.feedback(delivery_id, number, "less"),
        )


def weight(issue: Issue) -> int:
    """Bytes the HTML of an issue takes at most, in the shipped template."""
    texts = _own_texts(issue)
    faces = [_face_bytes(issue.lead.face), *[_face_bytes(card.face) for card in issue.cards]]
    most = FRAME_BYTES + _most_bytes("".join(texts)) + sum([most for _, most in faces])
    if most <= BUDGET:
        return most
    return FRAME_BYTES + sum(map(_escaped_bytes, texts)) + sum(counted for counted, _ in faces)


def _own_texts(issue: Issue) -> list[str]:
    return [
        *(issue.subject, issue.subject, issue.preheader, issue.title, issue.date),
        *(issue.intro, issue.footer_why, *issue.postal_address),
        *(issue.unsubscribe_url, issue.preferences_url, issue.view_url, issue.trap_url),
        *(issue.lead.why, *[card.why for card in issue.cards]),
    ]


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
