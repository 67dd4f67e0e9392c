"""What a single field of an article may hold, whichever file it came from.

Each function takes what the file says and returns the clean value, or raises ``ValueError`` with a
reason fit for a person; the caller adds the file, the line and the field's name. Nothing here
reads files or the clock.
"""

import hashlib
import re
import unicodedata
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

MAX_TITLE = 1000
MAX_NAME = 200
MAX_ID = 200
MAX_URL = 2000
MAX_ALT = 500
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = timedelta(days=366)
"""How far past ``now`` a publication date may lie."""

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*")
_DATE_FORMS = ("%d %B %Y", "%d %b %Y", "%B %d %Y", "%b %d %Y", "%Y/%m/%d")


def one_line(text: str) -> str:
    """The text on one line: control characters and runs of white space become one space.

    Raises ValueError for lone surrogates, which no encoding can carry.
    """
    return " ".join(_CONTROLS.sub(" ", _encodable(text)).split())


def paragraphs(text: str) -> str:
    """The text with its line breaks kept, and every other control character made a space."""
    unified = _encodable(text).replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    lines = (line.strip() for line in _CONTROLS.sub(" ", unified).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def title(text: str) -> str:
    """A title on one line; ValueError when it is empty or too long to be one."""
    line = one_line(text)
    if not line:
        raise ValueError("is empty")
    if len(line) > MAX_TITLE:
        raise ValueError(f"is {len(line)} characters long; at most {MAX_TITLE} are taken")
    return line


def name(text: str) -> str:
    """The name of a topic or role; '' when there is none, ValueError when it is prose."""
    line = one_line(text)
    if len(line) > MAX_NAME:
        raise ValueError(
            f"a name of {len(line)} characters ({line[:40]}…); at most {MAX_NAME} are taken"
        )
    return line


def alt_text(text: str) -> str:
    """What a picture shows, on one line and no longer than a sentence or two; the rest is cut."""
    return one_line(text)[:MAX_ALT]


def identifier(text: str) -> str:
    """An id on one line; ValueError when it is empty or too long."""
    line = one_line(text)
    if not line:
        raise ValueError("is empty")
    if len(line) > MAX_ID:
        raise ValueError(f"is {len(line)} characters long; at most {MAX_ID} are taken")
    return line


def web_address(text: str) -> str:
    """An http or https URL with a host; ValueError for any other."""
    address = text.strip()
    shown = one_line(address)[:80]
    if len(address) > MAX_URL:
        raise ValueError(f"is {len(address)} characters long; at most {MAX_URL} are taken")
    try:
        parts = urlsplit(address)
        well_formed = parts.scheme.lower() in {"http", "https"} and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        well_formed = False
    if not well_formed or re.search(r"[\s<>\"\x00-\x20\x7f-\x9f]", _encodable(address)):
        raise ValueError(f"{shown!r} is not an http(s) address")
    return address


def language(text: str) -> str:
    """A language tag such as ``en`` or ``pt-BR`` (shape of RFC 5646, not its registry)."""
    tag = text.strip()
    if len(tag) > 35 or not _LANGUAGE.fullmatch(tag):
        raise ValueError(f"{one_line(tag)[:40]!r} is not a language tag such as en or pt-BR")
    return tag.replace("_", "-")


def yes_or_no(text: str) -> bool:
    """What an editor means by a word such as ``yes`` or ``no``."""
    word = text.strip().casefold()
    if word in {"yes", "true", "1", "y", "on"}:
        return True
    if word in {"no", "false", "0", "n", "off", ""}:
        return False
    raise ValueError(f"{one_line(word)[:40]!r} is neither yes nor no")


def moment(text: str, now: datetime) -> datetime:
    """A publication date or time in UTC; a time without a zone is UTC.

    Takes ISO 8601, the dates of mail (RFC 5322) and plain English dates. ValueError when it
    cannot be read, or lies before 1990 or more than a year past ``now``.
    """
    line = one_line(text)
    found = _iso(line) or _english(line) or _of_mail(line)
    if found is None:
        raise ValueError(f"{line[:60]!r} is not a date such as 2026-11-24")
    return plausible(found, now)


def plausible(found: datetime, now: datetime) -> datetime:
    """``found`` in UTC; ValueError when nothing can have been published then."""
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    # The year is looked at first: near its ends the calendar has no room for another zone.
    too_early = found.year < EARLIEST.year - 1 or found < EARLIEST
    if too_early or found > now + LATEST:
        why = "is before 1990" if too_early else "is more than a year from now"
        raise ValueError(f"{found.date().isoformat()} {why}; is the date right?")
    return found.astimezone(UTC)


def slug(text: str, *, limit: int = MAX_ID) -> str:
    """``text`` as an id: letters and digits of any script, lower case, joined by hyphens."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("'", "").replace("’", "")
    words = re.sub(r"[\W_]+", "-", plain).strip("-")[:limit].strip("-")
    if words:
        return words
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"untitled-{digest[:8]}"


def _encodable(text: str) -> str:
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("holds a lone surrogate, half of a character")
    return text


def _iso(line: str) -> datetime | None:
    try:
        return datetime.fromisoformat(line)
    except ValueError:
        return None


def _english(line: str) -> datetime | None:
    plain = re.sub(r"(?<=\d)(?:st|nd|rd|th)\b", "", line.replace(",", " ").replace(".", " "))
    plain = " ".join(plain.split())
    for form in _DATE_FORMS:
        try:
            return datetime.strptime(plain, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def _of_mail(line: str) -> datetime | None:
    try:
        return parsedate_to_datetime(line)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
