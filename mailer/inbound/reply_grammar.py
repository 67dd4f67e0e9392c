"""What a reply asks for: to leave, other topics, another day, a pause; by rules and the vocabulary.

A reply is read sentence by sentence. ``leave`` only when the subject, or the first sentence, is one
by which people leave (``leaving_words``). It steers only when every sentence but greetings is a
wish; "less crypto" within a letter about something else is for a person to read. Nothing here reads
the store or decides whose reply it is.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from mailer.inbound import leaving_words, schedule_words
from recommender.vocabulary import fold

Kind = Literal["leave", "steering", "unclear", "letter"]
What = Literal["more", "less", "mute", "day", "frequency", "pause"]
MOST_SENTENCES = 30
LONGEST_SENTENCE = 160
_SPLIT = re.compile(r"[\n;!?]+|\.(?=\s|$)|,(?=\s|$)|:(?=\s)")
_JOINED = re.compile(r"\s+(?:and|und|but|aber|sowie|&)\s+|\s+/\s+")
_NOISE = re.compile(r"[\"'“”„»«()\[\]*_•…]|^\s*[-–—+]\s+")
_GREETING = re.compile(
    r"(?:hi|hello|hey|dear|hallo|guten (?:tag|morgen|abend)|moin|servus|liebe\w*|sehr geehrte\w*"
    r"|good (?:morning|day|evening))(?: [\w.-]+){0,4}"
    r"|(?:many )?(?:thanks|thank you|thx|cheers|regards|best|danke|vielen dank|besten dank|merci"
    r"|lg|vg|mfg)(?: (?:you|so much|a lot|again|in advance|regards|wishes|schön|sehr|im voraus"
    r"|team))*"
    r"|(?:kind|best|warm|viele|liebe|beste|mit freundlichen|freundliche|schöne|herzliche)"
    r" (?:regards|wishes|grüße\w*|grüsse\w*|gruß)|please|bitte"
)
_NAME = re.compile(r"[^\W\d_][\w.-]{0,30}( [^\W\d_][\w.-]{0,30})?")
"""A name, when it stands alone at the end."""
_WISH = re.compile(
    r"^(?:(?:please|pls|bitte|also|auch|just|and|und|but|aber|then|dann|so|well|a|bit|little|lot|some"
    r"|much|far|way|even|etwas|viel|gern|gerne|noch|ein|bisschen|wenig(?= mehr| weniger)"
    r"|i (?:would|d|should) (?:like|love|prefer)|i (?:want|need|like|prefer|wish)"
    r"|(?:could|can|may) (?:i|you|we)|would you|we (?:want|would like)|let me|lets"
    r"|(?:to )?(?:see|get|read|have|receive)|send|give|show|me|us"
    r"|ich (?:möchte|will|hätte|würde|mag|wünsche)|wir (?:möchten|wollen|hätten)|schicken sie"
    r"|schickt|zeigt|mir|uns|mehr davon)\s+)+"
)
_MORE = r"more|mehr"
_LESS = r"less|fewer|weniger|reduce"
_MUTE = (
    r"no more|no|nothing(?: more)?|stop(?: sending)?|without|mute|drop|skip|hide|kein\w*"
    r"|nichts(?: mehr)?|ohne|stopp"
)
_DIRECTION = re.compile(rf"^(?P<mute>{_MUTE})\b|^(?P<more>{_MORE})\b|^(?P<less>{_LESS})\b")
_ABOUT = re.compile(
    r"^(?:(?:of|on|about|from|with|any|the|all|this|that|me|us|zu|zum|zur|über|von|vom|aus|mit|an|am"
    r"|der|die|das|den|dem|es|sending|to)\s+"
    r"|(?:stories|articles|news|content|pieces|posts|stuff|items|artikeln?|geschichten|themen|thema"
    r"|beiträge|nachrichten|texte|topics?)\s+(?=(?:of|on|about|from|with|zu|zum|zur|über|von|aus)\b))+"
)
_BEHIND = re.compile(
    r"(?:\s+(?:please|pls|bitte|stories|articles|news|content|pieces|posts|stuff|items|topics?|artikel"
    r"|geschichten|themen|beiträge|nachrichten|lesen|sehen|bekommen|haben|erhalten|any ?more|mehr"
    r"|wäre schön|would be (?:great|nice)|thanks|danke|too|auch|ones|then|dann|and|und|now|though"
    r"|thank you))+$"
)
LONGEST_NAME = 4
"""With so many words it is no topic that is unknown, but a sentence about something."""


@dataclass(frozen=True)
class Change:
    """One wish: ``value`` is a topic's name, a day, a frequency, or a number of weeks."""

    what: What
    value: str


@dataclass(frozen=True)
class Request:
    """What a reply is taken for; ``unknown`` are topics that the vocabulary does not have."""

    kind: Kind
    changes: tuple[Change, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Vocabulary:
    """Topics by their folded names and aliases."""

    names: Mapping[str, str]

    @classmethod
    def of(cls, topics: Mapping[str, Iterable[str]]) -> "Vocabulary":
        """From each topic's name and all it is called."""
        return cls({fold(word): name for name, words in topics.items() for word in words})

    def find(self, words: str) -> str | None:
        """The topic that is called so, also in the plural."""
        key = fold(words)
        for tried in (key, key.removesuffix("s"), key.removesuffix("en"), key + "s"):
            if tried and tried in self.names:
                return self.names[tried]
        return None


def read(subject: str, text: str, words: Vocabulary) -> Request:
    """What the reply with this subject, without "Re:", and these words of one's own asks for."""
    text = _without_name(text)
    title, sentences = _sentences(subject), _said(_sentences(text))
    if len(title) == 1 and leaving_words.leaves(title[0]):
        return Request("leave")
    first = _whole_first(text)
    if sentences and any(leaving_words.leaves(one) for one in (first, sentences[0])):
        return Request("leave")
    return _wishes(sentences or title, words) or Request("letter")


def _without_name(text: str) -> str:
    """Without a name that stands alone at the end, behind an empty line."""
    lines = [line.strip() for line in text.strip().split("\n")]
    if len(lines) > 2 and not lines[-2] and _NAME.fullmatch(lines[-1]):
        return "\n".join(lines[:-2])
    return text


def _said(sentences: list[str]) -> list[str]:
    """Without greetings, and what follows the closing one, which is a name."""
    found: list[str] = []
    for sentence in sentences:
        greeting = _GREETING.fullmatch(sentence) is not None
        if greeting and found and not sentence.startswith(("please", "bitte")):
            break
        if not greeting:
            found.append(sentence)
    return found


def _sentences(text: str) -> list[str]:
    """In small letters, without marks and empty ones."""
    pieces = _SPLIT.split(text)[: MOST_SENTENCES * 2]
    return [one for one in map(_plain, pieces) if one][:MOST_SENTENCES]


def _plain(text: str) -> str:
    """In small letters, on one line, with short forms written out; ß stays."""
    text = text.lower().replace("’", "'")
    text = re.sub(r"\bi'd\b", "i would", text).replace("let's", "lets").replace("'m", " am")
    return " ".join(_NOISE.sub("", text).split()).strip(" .-–")[:LONGEST_SENTENCE]


def _whole_first(text: str) -> str:
    """The first sentence with its commas, behind a greeting of its own line."""
    for line in re.split(r"[\n!?]+|\.(?=\s|$)", text):
        plain = _plain(line.replace(",", " "))
        if plain and not _GREETING.fullmatch(plain):
            return plain
    return ""


def _wishes(sentences: list[str], words: Vocabulary) -> Request | None:
    """All of them as wishes; None when one is something else."""
    changes: list[Change] = []
    unknown: list[str] = []
    direction: What | None = None
    for sentence in sentences:
        if (change := _schedule(sentence)) is not None:
            changes.append(change)
            continue
        for piece in _pieces(sentence, words):
            if (change := _schedule(piece)) is not None:
                changes.append(change)
                continue
            said, rest = _direction(piece)
            direction = said or direction
            name = words.find(rest) if rest else None
            if direction is None or not rest:
                return None
            if name is not None:
                changes.append(Change(direction, name))
            elif (said or unknown) and len(rest.split()) < LONGEST_NAME:
                unknown.append(rest)
            else:
                return None
    if not changes:
        return Request("unclear", (), tuple(unknown)) if unknown else None
    return Request("steering", tuple(dict.fromkeys(changes)), tuple(unknown))


def _pieces(sentence: str, words: Vocabulary) -> list[str]:
    """Parts joined by "and", unless the whole is one topic's name."""
    _, rest = _direction(sentence)
    return [sentence] if words.find(rest) else [one for one in _JOINED.split(sentence) if one]


def _direction(piece: str) -> tuple[What | None, str]:
    """More, less or nothing of what; the rest is the topic, without the words around it."""
    wish = _WISH.match(f"{piece} ")
    piece = piece[wish.end() :] if wish and wish.end() <= len(piece) else piece
    found = _DIRECTION.match(piece)
    said: What | None = None
    if found is not None:
        said = "mute" if found["mute"] else "more" if found["more"] else "less"
        piece = piece[found.end() :].strip()
    about = _ABOUT.match(f"{piece} ")
    piece = piece[about.end() :] if about and about.end() <= len(piece) else piece
    return said, _BEHIND.sub("", piece).strip(" .")


def _schedule(sentence: str) -> Change | None:
    found = schedule_words.find(sentence)
    return Change(*found) if found is not None else None
