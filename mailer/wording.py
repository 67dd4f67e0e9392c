"""The words of an issue that are ours: subject, preheader, intro, and why a story is there.

English, short and true: nothing is said that the choice does not bear out. Takes values, returns
text; never markup.
"""

import re
from collections.abc import Mapping, Sequence

from mailer.content import StoryContent
from mailer.plaintext import clean, shorten
from recommender.ranking.values import Reason, ReasonKind

LANGUAGE = "en"
SUBJECT_LENGTH = 78
PREHEADER_LENGTH = 110
LEAST_PREHEADER = 40
INTRO_LENGTH = 280
WHY_LENGTH = 160
SECOND_TOPIC = 0.15
"""A second topic is named beside the first when it made at least this share of the score."""
EDITORS_CHOICE = "Editor’s choice"
OUTSIDE = "Outside your usual topics"
NUMBERS = (
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
    "twenty",
)  # fmt: skip
_REPLY = re.compile(
    r"(?:\s*(?:re|fwd?|aw|wg|antw)\s*(?:[\[(]\d{1,3}[\])])?\s*[:：]+)+\s*", re.IGNORECASE
)
_NOT_A_NAME = re.compile(r"[@/\\:;<>{}\[\]|=#%*_^~`!?\"“”0-9]|\w{2}\.\w|\w\.\w{2}")
_LANGUAGE_TAG = re.compile(r"en(?:-[A-Za-z0-9]{2,8})*", re.IGNORECASE)


def language(locale: str | None) -> str:
    """The ``lang`` of an issue: the reader's kind of English. The words are English whatever the
    locale, and a screen reader must not be told otherwise (WCAG 2.2, 3.1.1)."""
    tag = (locale or "").partition(".")[0].replace("_", "-")
    return tag if _LANGUAGE_TAG.fullmatch(tag) else LANGUAGE


def subject(title: str, newsletter: str) -> str:
    """The lead's title as a subject line: short, and never like a reply (RFC 5322, 3.6.5)."""
    for text in (title, newsletter):
        line = clean(text)
        start = _REPLY.match(line)
        line = line[start.end() :] if start else line
        if line:
            return shorten(line, SUBJECT_LENGTH)
    return "Your stories this week"


def preheader(lead: StoryContent, others: Sequence[str], subject_line: str) -> str:
    """What mail programs show beside the subject, 40 to 110 characters: the lead's own words, then
    what else is in the issue."""
    told = subject_line.rstrip("….").casefold()
    text = ""
    for sentence in lead.first_words:
        if sentence.casefold().startswith(told):
            continue
        text = f"{text} {sentence}".strip()
        if len(text) >= LEAST_PREHEADER:
            break
    if len(text) < LEAST_PREHEADER and others:
        text = f"{text} Also: {'; '.join(others)}".strip()
    if len(text) < LEAST_PREHEADER:
        text = f"{text} Chosen for you from what our editors have read.".strip()
    return shorten(text, PREHEADER_LENGTH)


def intro(
    name: str, roles: Sequence[str], topics: Mapping[str, float], number: int, lead: str
) -> str:
    """The personal line under the masthead, from what is known of the reader."""
    stories = f"{_number(number)} {'story' if number == 1 else 'stories'}"
    led = f"{stories}: “{lead}”" if number == 1 else f"{stories}, led by “{lead}”"
    whom = _whom(name, roles, topics)
    if whom:
        line = f"For {whom}: {led}"
    else:
        line = f"{led[0].upper()}{led[1:]}. Tell us your topics, and the next one is more your own"
    return shorten(line if line.endswith(("?”", "!”", "…”", ".”")) else f"{line}.", INTRO_LENGTH)


def _whom(name: str, roles: Sequence[str], topics: Mapping[str, float]) -> str:
    called = _name(name)
    work = " and ".join(_as_noun(role) for role in roles[:2] if clean(role))
    work = f"{_article(work)} {work}" if work else ""
    loved = sorted(topics.items(), key=lambda item: (-item[1], item[0].casefold(), item[0]))
    follows = " and ".join(
        [shorten(clean(topic), 50) for topic, weight in loved if weight > 0 and clean(topic)][:2]
    )
    if follows:
        who = work or ("" if called else "a reader")
        work = f"{who} who follows {follows}".strip()
    return ", ".join(part for part in (called, work) if part)


def _name(name: str) -> str:
    """The reader's name when it looks like one. Anybody can sign anybody up, and what they wrote
    as the name is not to become a message."""
    line = clean(name)
    return "" if len(line) > 60 or _NOT_A_NAME.search(line) else line


def _as_noun(role: str) -> str:
    """A role inside a sentence: ``Hardware Engineer`` → ``hardware engineer``, ``CTO`` stays."""
    line = shorten(clean(role), 50)
    return re.sub(r"\b[A-Z][a-z]+\b", lambda match: match[0].lower(), line)


def _article(noun: str) -> str:
    word = re.split(r"[\s/-]", noun, maxsplit=1)[0]
    if word.isupper() and len(word) <= 4:  # spelt out: an SRE, a CTO
        return "an" if word[0] in "AEFHILMNORSX" else "a"
    silent = word.casefold().startswith(("honest", "hono", "hour", "heir"))
    spoken = word.casefold().startswith(("eu", "uni", "use", "ux", "one"))
    vowel = word[:1].casefold() in tuple("aeiou")
    return "an" if silent or (vowel and not spoken) else "a"


def _number(number: int) -> str:
    return NUMBERS[number] if number < len(NUMBERS) else str(number)


def label(reasons: Sequence[Reason]) -> str:
    """What a story is marked as, if anything."""
    kinds = {reason.kind for reason in reasons}
    if "explore" in kinds:
        return OUTSIDE
    return EDITORS_CHOICE if "must_read" in kinds else ""


def why(reasons: Sequence[Reason], *, known: bool) -> str:
    """One sentence from the reason with the largest share; empty without reasons.

    ``known``: whether the reader has told us a role or a topic.
    """
    if not reasons:
        return ""
    kinds = {reason.kind for reason in reasons}
    if "explore" in kinds:
        return "A deliberate step outside your topics; say whether you want more of it."
    if "must_read" in kinds:
        return "Our editors recommend this one to every reader."
    top = min(reasons, key=lambda reason: (-reason.share, reason.kind, reason.detail))
    return shorten(_sentence(top.kind, clean(top.detail), reasons, known=known), WHY_LENGTH)


def _sentence(kind: ReasonKind, detail: str, reasons: Sequence[Reason], *, known: bool) -> str:
    if kind == "fresh":
        new = "Published recently"
        return f"{new}." if known else f"{new}; you have not told us your topics yet."
    if not detail:
        return ""
    if kind == "topic":
        others = (
            clean(reason.detail)
            for reason in sorted(reasons, key=lambda reason: (-reason.share, reason.detail))
            if reason.kind == "topic" and reason.share >= SECOND_TOPIC
        )
        named = list(dict.fromkeys([detail, *(other for other in others if other)]))[:2]
        return f"You follow {' and '.join(named)}."
    if kind == "role":
        noun = _as_noun(detail)
        return f"Chosen for your work as {_article(noun)} {noun}."
    if kind == "history":
        return f"Because you read “{shorten(detail, 90)}”."
    return f"Its words are close to what you follow: {detail}."
