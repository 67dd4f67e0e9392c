"""What one reader's issue says: which part of each brief, in which order, and how much of it.

Takes values and returns values: no store, no clock, no network. How it looks is the templates'
business, the sentences are in ``wording``.
"""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from mailer import wording
from mailer.content import StoryContent
from mailer.plaintext import clean, direction, shorten
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
    "serving_order",
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
    (``weekly-2026-W48``), ``date`` the day it goes out, in words; without ``tracking`` stories are
    linked directly."""

    title: str
    edition: str
    date: str
    postal_address: str
    tracking: bool = True


@dataclass(frozen=True)
class ReaderView:
    """What a copy may show of its reader. ``topics`` maps names to weights, −2 … +3."""

    name: str = ""
    locale: str | None = None
    roles: tuple[str, ...] = ()
    topics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the brief under its label: a text, or points. ``kind`` names the field."""

    kind: str
    label: str
    text: str = ""
    points: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """One story as the reader sees it. ``origin`` says where it is from; ``short_title`` names it
    in the labels of its links; ``url`` is None when there is nowhere to go. ``lang`` is empty when
    it is the issue's own."""

    title: str
    short_title: str
    url: str | None
    lang: str
    dir: str
    label: str
    origin: str
    summary: str
    parts: tuple[Part, ...]
    why: str
    also: str
    read: str
    more_url: str
    less_url: str


@dataclass(frozen=True, slots=True)
class Issue:
    """All that the templates show, cleaned and trimmed; nothing of it is markup."""

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


Servings = tuple[tuple[str, ...], ...]
PRACTITIONER: Servings = (("practice", "code_references"), ("insights",), ("takeaway",), ("principles",))
MAKER: Servings = (("practice",), ("principles",), ("takeaway",), ("insights",), ("code_references",))
DECIDER: Servings = (("takeaway",), ("insights",), ("principles",), ("practice",), ("code_references",))
INQUIRER: Servings = (("insights",), ("principles",), ("takeaway",), ("practice",), ("code_references",))  # fmt: skip
SERVINGS: tuple[tuple[str, Servings], ...] = (
    ("cto cio ceo cfo coo cpo cmo ciso chief vp svp evp president director head partner", DECIDER),
    ("founder entrepreneur investor executive owner chair manager lead consultant", DECIDER),
    ("journalist reporter editor writer researcher scientist analyst professor student", INQUIRER),
    ("engineer developer programmer architect administrator devops sre operator", PRACTITIONER),
    ("designer teacher product", MAKER),
)
"""Words in a role's name, and the parts of a brief that serve such a reader, best first; the first
line that has a word of the role decides. Parts in one serving are shown together."""

LABELS = {
    "takeaway": ("Key takeaway", "Key takeaway"),
    "practice": ("In practice", "In practice"),
    "insights": ("Key insight", "Key insights"),
    "principles": ("Principle", "Principles"),
    "code_references": ("Code reference", "Code references"),
}
"""For one point and for several."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Most characters of each text of a card, and most points of a part."""

    lead: int = 700
    summary: int = 260
    alone: int = 440
    part: int = 560
    point: int = 240
    points: int = 3
    title: int = 180
    line: int = 160

    def scaled(self, by: float) -> "Limits":
        return Limits(
            *(max(40, int(n * by)) for n in (self.lead, self.summary, self.alone, self.part)),
            point=max(40, int(self.point * by)),
            points=self.points if by > 0.5 else 1,
            title=max(60, int(self.title * by)),
            line=max(50, int(self.line * by)),
        )


LIMITS = Limits()
SCALES = (1.0, 0.7, 0.5, 0.35, 0.2)
SHORT_TITLE = 60
READ = 48
BUDGET = 98_000
"""Bytes of HTML, at most; Gmail hides what comes after about 102,400 (email it calls clipped)."""
FRAME_BYTES = 12_000
CARD_BYTES = 2_700
PART_BYTES = 700
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
    for scale in SCALES[1:]:
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
    order = serving_order(reader.roles)
    lang = wording.language(reader.locale)
    known = bool(reader.roles) or any(weight > 0 for weight in reader.topics.values())
    title = clean(publication.title)
    cards = [
        _card(
            pick, stories, order, limits, links, delivery_id,
            lang=lang, known=known, tracking=publication.tracking, lead=place == 0,
        )
        for place, pick in enumerate(picks)
    ]  # fmt: skip
    lead = stories[picks[0].story]
    subject = wording.subject(lead.title, title)
    return Issue(
        lang=lang,
        subject=subject,
        preheader=wording.preheader(lead, [card.title for card in cards[1:]], subject),
        title=shorten(title, 80),
        date=_date_line(publication),
        intro=wording.intro(
            reader.name, reader.roles, reader.topics, len(cards), shorten(cards[0].title, 90)
        ),
        lead=cards[0],
        cards=tuple(cards[1:]),
        footer_why=f"You get this because you subscribed to {shorten(title, 80)}. Its stories are "
        "chosen for you by what you told us and by what you read.",
        postal_address=tuple(
            shorten(clean(line), 200) for line in publication.postal_address.splitlines()[:8]
        ),
        unsubscribe_url=links.unsubscribe(delivery_id),
        preferences_url=links.preferences(delivery_id),
        view_url=links.view(delivery_id),
    )


def _date_line(publication: Publication) -> str:
    week = re.search(r"-W0?(\d{1,2})$", publication.edition)
    parts = (f"Week {week[1]}" if week else "", clean(publication.date))
    return " · ".join(part for part in parts if part)


def serving_order(roles: Sequence[str]) -> Servings:
    """The parts of a brief in the order that fits the first role we have a line for; the
    deciders' order where there is none."""
    for role in roles:
        words = set(re.findall(r"[a-z]+", role.casefold()))
        for keywords, servings in SERVINGS:
            if not words.isdisjoint(keywords.split()):
                return servings
    return DECIDER


def _card(
    pick: Pick,
    stories: Mapping[str, StoryContent],
    order: Servings,
    limits: Limits,
    links: Links,
    delivery_id: int,
    *,
    lang: str,
    known: bool,
    tracking: bool,
    lead: bool,
) -> Card:
    story = stories[pick.story]
    number = int(pick.story)
    parts = _parts(story, order, limits)
    if lead:
        summary = shorten(story.summary, limits.lead, at_sentence=True)
    elif parts:
        summary = shorten(story.standfirst, limits.summary)
    else:
        summary = shorten(story.summary, limits.alone, at_sentence=True)
    title = shorten(story.title or story.article_title or "Untitled", limits.title)
    foreign = wording.language(story.language) != story.language if story.language else False
    return Card(
        title=title,
        short_title=shorten(title, SHORT_TITLE),
        url=links.click(delivery_id, number) if tracking and story.link else story.link,
        lang=str(story.language) if foreign and story.language != lang else "",
        dir=story.dir,
        label=wording.label(pick.reasons),
        origin=_origin(story, limits),
        summary="" if _told(summary, [title]) else summary,
        parts=tuple(part for part in parts if not _told(part.text, [title, summary])),
        why=shorten(wording.why(pick.reasons, known=known), limits.line),
        also=_also(story, [stories[other] for other in pick.also if other in stories], limits),
        read=shorten(f"Read at {story.source}", READ) if story.source else "Read the story",
        more_url=links.feedback(delivery_id, number, "more"),
        less_url=links.feedback(delivery_id, number, "less"),
    )


def _parts(story: StoryContent, order: Servings, limits: Limits) -> tuple[Part, ...]:
    """The first serving of which the story has anything."""
    for serving in order:
        parts = tuple(_part(story, name, limits) for name in serving if getattr(story, name))
        if parts:
            return parts
    return ()


def _part(story: StoryContent, name: str, limits: Limits) -> Part:
    value: str | tuple[str, ...] = getattr(story, name)
    one, several = LABELS[name]
    if isinstance(value, str):
        return Part(name, one, text=shorten(value, limits.part, at_sentence=True))
    if len(value) == 1:
        return Part(name, one, text=shorten(value[0], limits.part, at_sentence=True))
    points = tuple(shorten(point, limits.point) for point in value[: limits.points])
    return Part(name, several, points=points)


def _told(text: str, before: Sequence[str]) -> bool:
    """Whether ``text`` only repeats what stands above it: stories cut from a digest often do."""
    plain = text.rstrip(".…").casefold()
    return bool(plain) and any(plain in other.casefold() for other in before)


def _origin(story: StoryContent, limits: Limits) -> str:
    source, curator = story.source, story.curator
    if not source and story.article_title and story.article_title != story.title:
        source = f"“{shorten(story.article_title, 60)}”"
    if curator == source:
        curator = None
    named = (source, f"curated by {curator}" if curator else "", story.day)
    line = shorten(" · ".join(name for name in named if name), limits.line)
    return line[:1].upper() + line[1:]


def _also(story: StoryContent, others: Sequence[StoryContent], limits: Limits) -> str:
    names = [other.source or f"“{shorten(other.title, 60)}”" for other in others]
    names = [name for name in dict.fromkeys(names) if name != story.source][:3]
    if not names:
        return ""
    *first, last = names
    line = f"{', '.join(first)} and {last}" if first else last
    return shorten(f"Also covered by {line}", limits.line) + "."


def weight(issue: Issue) -> int:
    """Bytes the HTML of an issue takes at most, in the shipped template."""
    cards = (issue.lead, *issue.cards)
    parts = [part for card in cards for part in card.parts]
    points = sum(len(part.points) for part in parts)
    markup = (
        FRAME_BYTES + CARD_BYTES * len(cards) + PART_BYTES * len(parts) + POINT_BYTES * points
    )
    texts = list(_texts(issue))
    most = markup + 5 * sum(map(len, texts))  # a character takes at most 5 bytes: &#34;
    return most if most <= BUDGET else markup + sum(map(_escaped_bytes, texts))


def _texts(issue: Issue) -> Iterator[str]:
    yield from (issue.subject, issue.subject, issue.preheader, issue.title, issue.date)
    yield from (issue.intro, issue.footer_why, *issue.postal_address)
    yield from (issue.unsubscribe_url, issue.preferences_url, issue.view_url)
    for card in (issue.lead, *issue.cards):
        yield from (card.title, card.short_title, card.short_title, card.short_title)
        yield from (card.url or "", card.url or "", card.more_url, card.less_url)
        yield from (card.origin, card.summary, card.why, card.also, card.read, card.read)
        for part in card.parts:
            yield part.text
            yield from part.points


def _escaped_bytes(text: str) -> int:
    return len(html.escape(text).encode("utf-8", "replace"))


_ = direction
