"""The words of an issue that are ours: subject, date, footer, and why a story is there.

In the reader's language, short and true: nothing is said that the choice does not bear out. Takes
values, returns text; never markup.
"""

import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import NamedTuple, assert_never

from mailer.issue.plaintext import clean, dotted, shorten
from mailer.localization import SOURCE, Language
from recommender.articles.placements import Placement
from recommender.ranking.values import LIKED_BY_MANY, LIKED_BY_ROLE, ReasonKind
from recommender.settings import schedules
from recommender.settings.schedules import Cadence

SUBJECT_LENGTH = 78
LONGEST_SUBJECT = 150
"""Characters of a subject that an editor gives."""
WHY_LENGTH = 160
WORDS_A_MINUTE = 230
"""How fast adults read prose in silence (Brysbaert 2019: 238 words a minute, rounded down)."""
RANKS: dict[ReasonKind | None, float] = {"explore": 3.0, "must_read": 2.0}
"""Above every reason that is known by its share (0 to 1)."""
SECOND_TOPIC = 0.15
"""A second topic is named beside the first when it made at least this share of the score."""
_REPLY = re.compile(
    r"(?:\s*(?:re|fwd?|aw|wg|antw)\s*(?:[\[(]\d{1,3}[\])])?\s*[:：]+)+\s*", re.IGNORECASE
)


@lru_cache(maxsize=1_000)
def subject(title: str, newsletter: str, language: Language) -> str:
    """The lead's title as a subject line: short, and never like a reply (RFC 5322, 3.6.5)."""
    for text in (title, newsletter):
        line = clean(text)
        start = _REPLY.match(line)
        line = line[start.end() :] if start else line
        if line:
            return shorten(line, SUBJECT_LENGTH)
    _ = language.text
    return _("Your stories this week")


@lru_cache(maxsize=1_000)
def welcome_subject(subject_line: str, language: Language) -> str:
    """The subject of a reader's first issue."""
    _ = language.text
    return shorten(_("Welcome: %(subject)s", subject=subject_line), SUBJECT_LENGTH)


@lru_cache(maxsize=1_000)
def date_line(edition: str, day: date | None, language: Language) -> str:
    """The week and the day an issue is of: ``Week 48 · Thursday, 26 November 2026``."""
    _ = language.text
    number = re.search(r"-W0?(\d{1,2})$", edition)
    return dotted(
        _("Week %(week)s", week=number[1]) if number else "",
        language.day(day, "full") if day else "",
    )


@lru_cache(maxsize=1_000)
def reading_time(words: int, language: Language) -> str:
    """How long an issue of so many words takes: ``4 min read``."""
    _ = language.text
    return _("%(minutes)s min read", minutes=max(1, round(words / WORDS_A_MINUTE)))


def cadence(words: str, language: Language) -> str:
    """How often a newsletter of the schedule ``words`` comes: ``Every Thursday``."""
    _, found = language.text, schedules.parse(words)
    day = "" if found.weekday is None else language.weekdays[found.weekday]
    match found.cadence:
        case Cadence.DAILY:
            return _("Every day")
        case Cadence.WEEKDAYS:
            return _("From Monday to Friday")
        case Cadence.FORTNIGHTLY:
            return _("Every other %(day)s", day=day)
        case Cadence.MONTHLY:
            return _("Every first %(day)s of the month", day=day)
        case _:
            return _("Every %(day)s", day=day)


def period_heading(period: str, language: Language) -> str:
    """An edition's period as a heading: ``Week 48, 2026``, ``November 27, 2026`` or
    ``November 2026``."""
    _ = language.text
    year, _sign, number = period.partition("-W")
    if number:
        return _("Week %(week)s, %(year)s", week=number.lstrip("0"), year=year)
    if period.count("-") == 1:
        return language.month(date.fromisoformat(f"{period}-01"))
    return language.day(date.fromisoformat(period))


@lru_cache(maxsize=1_000)
def footer(title: str, language: Language) -> str:
    """Why the reader gets this at all."""
    _ = language.text
    return _(
        "You get this because you subscribed to %(title)s. Its stories are chosen for you by what "
        "you told us and by what you read.",
        title=title,
    )


def as_noun(role: str, language: Language) -> str:
    """A role inside a sentence: in English ``Hardware Engineer`` → ``hardware engineer``, while
    ``CTO`` stays. Elsewhere it is a name and stays as it is."""
    line = shorten(clean(role), 50)
    if language.code != SOURCE:
        return line
    return re.sub(r"\b[A-Z][a-z]+\b", lambda match: match[0].lower(), line)


def with_article(noun: str, language: Language) -> str:
    """``a hardware engineer``, ``an SRE``; languages that do without get the noun alone."""
    if language.code != SOURCE:
        return noun
    word = re.split(r"[\s/-]", noun, maxsplit=1)[0]
    if word.isupper() and len(word) <= 4:  # spelt out: an SRE, a CTO
        article = "an" if word[0] in "AEFHILMNORSX" else "a"
    else:
        silent = word.casefold().startswith(("honest", "hono", "hour", "heir"))
        spoken = word.casefold().startswith(("eu", "uni", "use", "ux", "one"))
        vowel = word[:1].casefold() in tuple("aeiou")
        article = "an" if silent or (vowel and not spoken) else "a"
    return f"{article} {noun}"


NAMING: frozenset[ReasonKind] = frozenset({"topic", "role", "history"})
"""Kinds of reasons that name something, and say nothing without it."""


class LeadReason(NamedTuple):
    """What of the reasons for a story is told: the leading one, and topics that stand beside it, by
    their share."""

    kind: ReasonKind | None
    detail: str = ""
    topics: tuple[str, ...] = ()


def lead_reason(reasons: Iterable[tuple[ReasonKind, str, float]]) -> LeadReason:
    """The reason with the largest share leads, but that a step outside the reader's topics and a
    word of the editors go before all others."""
    first, name, most = None, "", -1.0
    topics = []
    for kind, detail, share in reasons:
        if kind == "topic":
            if share >= SECOND_TOPIC:
                topics.append((-share, detail))
        elif kind in RANKS:
            share = RANKS[kind]
        if share > most or (share == most and (kind, detail) < (first or "", name)):
            first, name, most = kind, detail, share
    if first in RANKS:
        return LeadReason(first)
    if first == "text":
        return LeadReason(first, telling(name))
    if first != "topic":
        return LeadReason(first, name)
    if len(topics) > 1:
        topics.sort()
    return LeadReason(first, name, tuple([detail for _, detail in topics[:2]]))


@lru_cache(maxsize=10_000)
def telling(words: str) -> str:
    """Of words that a story shares with a topic (``processor, neural network, vary``) those that
    tell a reader something: phrases and names. A single word says little, and stands out in a
    sentence of another language."""
    found = [word for word in map(str.strip, words.split(",")) if word]
    return ", ".join(word for word in found if " " in word or word != word.lower())


ARCHIVE_DAYS = 7
MONTHLY_ARCHIVE_DAYS = 31
"""A story older than that on the day of its issue, or of its monthly issue, is from the archive."""


def from_archive(published: date | None, day: date | None, edition: str) -> bool:
    """Whether a story is older than those an issue of ``day`` is of; not where a day is unknown."""
    if published is None or day is None:
        return False
    monthly = re.fullmatch(r"\d{4}-\d{2}", edition)
    return (day - published).days > (MONTHLY_ARCHIVE_DAYS if monthly else ARCHIVE_DAYS)


def label(lead_reason: LeadReason, language: Language, *, archived: bool = False) -> str:
    """What a story is marked as, if anything."""
    _ = language.text
    if lead_reason.kind == "explore":
        return _("Outside your usual topics")
    if lead_reason.kind == "must_read":
        return _("Editor’s choice")
    return _("From the archive") if archived else ""


def why(lead_reason: LeadReason, language: Language, *, known: bool) -> str:
    """One sentence from what is told of the reasons; empty without any.

    ``known``: whether the reader has told us a role or a topic.
    """
    _ = language.text
    kind, detail = lead_reason.kind, clean(lead_reason.detail)
    if kind is None or (kind in NAMING and not detail):
        return ""
    match kind:
        case "explore":
            return _("Say whether you want more of it.")
        case "must_read":
            return ""  # its label says it
        case "fresh":
            sentence = _new_or_liked(detail, language, known=known)
        case "topic":
            named = [detail, *filter(None, map(clean, lead_reason.topics))]
            topics = language.all_of(list(dict.fromkeys(named))[:2])
            sentence = _("You follow %(topics)s.", topics=topics)
        case "role":
            sentence = _of_role(detail, language)
        case "history":
            sentence = _("Because you read “%(title)s”.", title=shorten(detail, 90))
        case "text":
            sentence = (
                _("Close to what you follow: %(words)s.", words=detail)
                if detail
                else _("Close to what you follow.")
            )
        case _:
            assert_never(kind)
    return shorten(sentence, WHY_LENGTH)


def _new_or_liked(detail: str, language: Language, *, known: bool) -> str:
    _ = language.text
    if detail == LIKED_BY_MANY:
        return _("Many readers like stories like this one.")
    if known:
        return _("Published recently.")
    return _("Published recently; you have not told us your topics yet.")


def _of_role(detail: str, language: Language) -> str:
    """For the reader's own work, or liked by others of that work."""
    _ = language.text
    before, after = LIKED_BY_ROLE.split("{role}")
    liked = detail.startswith(before) and detail.endswith(after)
    name = detail.removeprefix(before).removesuffix(after) if liked else detail
    role = with_article(as_noun(name, language), language)
    if liked:
        return _("Liked by others who work as %(role)s.", role=role)
    return _("For your work as %(role)s.", role=role)


def placed(placement: Placement, language: Language) -> str:
    """Where in a digest a topic stands that has no card of its own."""
    _ = language.text
    topic, text = clean(placement.topic), clean(placement.text)
    if placement.number:
        sentence = _(
            "You follow %(topics)s: this digest has “%(title)s”, %(number)s of %(count)s.",
            topics=topic,
            title=shorten(text, 70),
            number=placement.number,
            count=placement.of,
        )
    else:
        sentence = _(
            "You follow %(topics)s; this digest says: “%(text)s”",
            topics=topic,
            text=shorten(text, 90),
        )
    return shorten(sentence, WHY_LENGTH)
