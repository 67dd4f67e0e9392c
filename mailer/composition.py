"""What one reader's issue says: which part of each brief, why it is there, subject and preheader.

Takes values and returns values; the words of the issue are here and in the templates, nowhere else.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from recommender.ranking.values import Pick, Reason

SUBJECT_LENGTH = 78
PREHEADER_LENGTH = 110
PART_LENGTH = 700
MAX_POINTS = 3
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_REPLY = re.compile(r"^(?:(?:re|fwd?|aw|wg)\s*:\s*)+", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


class Links(Protocol):
    """The links a copy carries (``mailer.links`` makes them)."""

    def click(self, delivery_id: int, story_id: int) -> str: ...
    def feedback(self, delivery_id: int, story_id: int, kind: Literal["more", "less"]) -> str: ...
    def unsubscribe(self, delivery_id: int) -> str: ...
    def preferences(self, delivery_id: int) -> str: ...
    def view(self, delivery_id: int) -> str: ...


@dataclass(frozen=True)
class StoryContent:
    """A story as it is frozen into an edition."""

    title: str
    article: str = ""
    story: str = ""
    article_title: str = ""
    summary: str = ""
    takeaway: str = ""
    insights: tuple[str, ...] = ()
    principles: tuple[str, ...] = ()
    practice: tuple[str, ...] = ()
    code_references: tuple[str, ...] = ()
    url: str | None = None
    source: str | None = None
    curator: str | None = None
    topics: tuple[str, ...] = ()
    published_at: str | None = None

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "StoryContent":
        """What ``edition_stories.content`` holds."""
        lists = ("insights", "principles", "practice", "code_references", "topics")
        known = {name: document[name] for name in cls.__dataclass_fields__ if name in document}
        return cls(**{k: tuple(v) if k in lists else v for k, v in known.items()})


@dataclass(frozen=True)
class Publication:
    """What is the same in every copy of an edition."""

    title: str
    edition: str
    date: str
    postal_address: str
    tracking: bool = True


@dataclass(frozen=True)
class ReaderView:
    """What a copy shows of its reader."""

    name: str = ""
    locale: str | None = None
    roles: tuple[str, ...] = ()
    topics: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Part:
    """A part of the brief: a text, or points."""

    label: str
    text: str = ""
    points: tuple[str, ...] = ()


@dataclass(frozen=True)
class Card:
    """One story as the reader sees it."""

    title: str
    url: str | None
    label: str
    summary: str
    parts: tuple[Part, ...]
    why: str
    origin: str
    also: str
    more_url: str
    less_url: str


@dataclass(frozen=True)
class Issue:
    """All that the templates show."""

    lang: str
    subject: str
    preheader: str
    title: str
    edition: str
    date: str
    intro: str
    lead: Card
    cards: tuple[Card, ...]
    footer_why: str
    postal_address: str
    unsubscribe_url: str
    preferences_url: str
    view_url: str


PARTS: dict[str, tuple[str, ...]] = {
    "builder": ("practice", "code_references", "insights", "takeaway", "principles"),
    "decider": ("takeaway", "insights", "principles", "practice", "code_references"),
    "inquirer": ("insights", "principles", "takeaway", "practice", "code_references"),
}
"""Which part of a brief serves whom best, best first."""

KINDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("decider", ("cto", "chief", "vp", "vice president", "director", "head", "entrepreneur",
                 "founder", "investor", "manager", "product", "executive", "consultant")),
    ("inquirer", ("journalist", "researcher", "research", "scientist", "analyst", "policy",
                  "educator", "student", "writer")),
    ("builder", ("engineer", "developer", "architect", "administrator", "designer", "devops",
                 "sre", "programmer", "operator")),
)  # fmt: skip
"""Words in a role's name and the kind of reader they make; the first that fits decides."""

LABELS = {
    "takeaway": "Key takeaway",
    "practice": "In practice",
    "insights": "Key insight",
    "principles": "Principle",
    "code_references": "Code references",
}
PLURALS = {"insights": "Key insights", "principles": "Principles"}


def compose(
    publication: Publication,
    reader: ReaderView,
    picks: Sequence[Pick],
    stories: Mapping[str, StoryContent],
    links: Links,
    delivery_id: int,
) -> Issue:
    """The issue for one reader. ``picks`` is not empty and best first; ``stories`` by story id.

    Raises LookupError when the content of a pick is missing.
    """
    order = parts_order(reader.roles)
    cards = [
        _card(publication, pick, stories, order, links, delivery_id, lead=position == 0)
        for position, pick in enumerate(picks)
    ]
    first = stories[picks[0].story]
    return Issue(
        lang=(reader.locale or "en").partition("-")[0].lower(),
        subject=subject(first.title, publication.title),
        preheader=preheader(first, [card.title for card in cards[1:]]),
        title=publication.title,
        edition=publication.edition,
        date=publication.date,
        intro=intro(reader, len(cards)),
        lead=cards[0],
        cards=tuple(cards[1:]),
        footer_why=f"You get this because you subscribed to {publication.title}.",
        postal_address=publication.postal_address,
        unsubscribe_url=links.unsubscribe(delivery_id),
        preferences_url=links.preferences(delivery_id),
        view_url=links.view(delivery_id),
    )


def parts_order(roles: Sequence[str]) -> tuple[str, ...]:
    """The parts of a brief in the order that fits these roles; deciders' where none is known."""
    for role in roles:
        words = set(re.findall(r"[a-z]+", role.casefold()))
        for kind, keywords in KINDS:
            if any(key in words or (" " in key and key in role.casefold()) for key in keywords):
                return PARTS[kind]
    return PARTS["decider"]


def _card(
    publication: Publication,
    pick: Pick,
    stories: Mapping[str, StoryContent],
    order: tuple[str, ...],
    links: Links,
    delivery_id: int,
    *,
    lead: bool,
) -> Card:
    story = stories[pick.story]
    number = int(pick.story)
    url = story.url
    if url is not None and publication.tracking:
        url = links.click(delivery_id, number)
    part = _part(story, order)
    summary = clean(story.summary)
    others = [stories[key] for key in pick.also if key in stories]
    return Card(
        title=clean(story.title) or "Untitled",
        url=url,
        label=_label(pick.reasons),
        summary=shorten(summary, PART_LENGTH if lead else PART_LENGTH // 2),
        parts=(part,) if part else (),
        why=why(pick.reasons),
        origin=_origin(story),
        also=_also(others),
        more_url=links.feedback(delivery_id, number, "more"),
        less_url=links.feedback(delivery_id, number, "less"),
    )


def _part(story: StoryContent, order: tuple[str, ...]) -> Part | None:
    for name in order:
        value = getattr(story, name)
        if isinstance(value, str):
            text = clean(value)
            if text:
                return Part(LABELS[name], text=shorten(text, PART_LENGTH))
        else:
            points = tuple(
                shorten(clean(point), 280) for point in value[:MAX_POINTS] if point.strip()
            )
            if points:
                label = PLURALS.get(name, LABELS[name]) if len(points) > 1 else LABELS[name]
                return Part(label, points=points)
    return None


def _label(reasons: Sequence[Reason]) -> str:
    kinds = {reason.kind for reason in reasons}
    if "explore" in kinds:
        return "Outside your usual topics"
    return "Editor’s choice" if "must_read" in kinds else ""


def why(reasons: Sequence[Reason]) -> str:
    """One sentence from the reason with the largest share; nothing where there is none."""
    if not reasons:
        return ""
    kinds = {reason.kind: reason for reason in reasons}
    top = kinds.get("explore") or kinds.get("must_read") or max(reasons, key=lambda r: r.share)
    detail = clean(top.detail)
    sentences = {
        "topic": f"You follow {detail}.",
        "role": f"Picked for your role: {detail}.",
        "text": f"Close to what you follow: {detail}.",
        "history": f"Because you read “{detail}”.",
        "fresh": "New this week.",
        "must_read": "The editors want everybody to see this one.",
        "explore": "Not among your topics: tell us whether you want more of it.",
    }
    return shorten(sentences[top.kind], 140)


def _origin(story: StoryContent) -> str:
    names = []
    if story.source:
        names.append(clean(story.source))
    if story.article_title and story.article_title != story.title and not story.source:
        names.append(shorten(clean(story.article_title), 60))
    if story.curator:
        names.append(f"curated by {clean(story.curator)}")
    return shorten(" · ".join(names), 120)


def _also(others: Sequence[StoryContent]) -> str:
    sources = list(dict.fromkeys(clean(story.source or story.title) for story in others))
    return f"Also covered by {', '.join(sources[:3])}" if sources else ""


def subject(title: str, fallback: str) -> str:
    """The lead's title as a subject line: short, and never like a reply (RFC 5322, 3.6.5)."""
    text = " ".join(_REPLY.sub("", clean(title)).split())
    return shorten(text or clean(fallback) or "Your stories this week", SUBJECT_LENGTH)


def preheader(lead: StoryContent, others: Sequence[str]) -> str:
    """What mail programs show beside the subject: the lead's own words, then what else is in."""
    text = clean(lead.takeaway) or clean(lead.summary)
    first = _SENTENCE_END.split(text, 1)[0] if text else ""
    if len(first) < 40 and others:
        first = f"{first} Also: {'; '.join(others)}".strip()
    if len(first) < 40:
        first = f"{first} Chosen for you from everything published this week.".strip()
    return shorten(first, PREHEADER_LENGTH)


def intro(reader: ReaderView, number: int) -> str:
    """The personal line under the masthead."""
    count = NUMBERS[number] if number < len(NUMBERS) else str(number)
    stories = f"{count} {'story' if number == 1 else 'stories'}"
    loved = sorted((reader.topics or {}).items(), key=lambda item: (-item[1], item[0].casefold()))
    topics = [clean(name) for name, weight in loved if weight > 0][:2]
    role = clean(reader.roles[0]) if reader.roles else ""
    follows = f"who follows {' and '.join(topics)}" if topics else ""
    if role:
        whom = f"For {_article(role)} {role} {follows}".strip()
    elif topics:
        whom = f"For a reader {follows}"
    else:
        whom = "For you"
    line = f"{whom}: {stories} this week."
    name = clean(reader.name)
    return shorten(f"{name}, here is your week. {line}" if name else line, 240)


def _article(noun: str) -> str:
    word = noun.split()[0]
    if word.isupper() and len(word) <= 4:  # spelt out: an SRE, a CTO
        return "an" if word[0] in "AEFHILMNORSX" else "a"
    return "an" if word[0].casefold() in "aeio" else "a"


def clean(text: str) -> str:
    """Without control and direction characters; white space as single spaces."""
    return " ".join(_CONTROL.sub(" ", text).split())


def shorten(text: str, length: int) -> str:
    """At most ``length`` characters, cut after a word, with an ellipsis."""
    if len(text) <= length:
        return text
    cut = text[: length - 1]
    at_word = cut.rpartition(" ")[0]
    return (at_word if len(at_word) > length // 2 else cut).rstrip(" ,;:–-.") + "…"
