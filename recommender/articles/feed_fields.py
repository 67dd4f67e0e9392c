"""Reads the optional fields of a feed's entry: mended where that is plain, else left out.

An entry is never lost for one of these: each function returns a clean value or None, and raises
nothing. The strict twins, for files that an editor can correct, are in ``fields``.
"""

import re
from datetime import datetime
from functools import cache
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from babel import Locale
from babel.core import get_global

from recommender.articles import fields
from recommender.safety.hosts import ascii_host

MAX_LINK = 10_000
"""Characters of a link that are looked at."""
_HOST = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+(?P<last>[^\W\d_]{2,24})(?::\d{1,5})?")
_FILES = re.compile(
    "x?html?|shtml|php5?|aspx?|jsp|cgi|pl|xml|rss|atom|json|txt|md|pdf|png|jpe?g|gif|webp|svg"
    "|mp[34]|m4a|zip|epub",
    re.IGNORECASE,
)
"""Last labels that are endings of files, so that ``news.html`` is no host."""
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_SAFE = "!$%&'()*+,/:;=?@~#[]"
_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*(?![A-Za-z0-9])")


def link(written: str, *bases: str) -> str | None:
    """The http(s) address that ``written`` means, percent-encoded, seen from the first of
    ``bases`` that is one; None for an address of another scheme, or none at all."""
    text = "".join(written[:MAX_LINK].split("\n")).replace("\r", "").replace("\t", "").strip()
    try:
        text = fields.one_line(text)
        if not text:
            return None
        for base in (*_absolute(bases), ""):
            address = _encoded(urljoin(base, _with_scheme(text)))
            if address:
                return fields.web_address(address)
    except ValueError:
        return None
    return None


def _absolute(bases: tuple[str, ...]) -> list[str]:
    """The http(s) bases; a relative one is seen from those after it."""
    found: list[str] = []
    for base in reversed([one.strip()[:MAX_LINK] for one in bases if one.strip()]):
        address = urljoin(found[0], _with_scheme(base)) if found else _with_scheme(base)
        if urlsplit(address).scheme.lower() in {"http", "https"}:
            found.insert(0, address)
    return found


def _with_scheme(text: str) -> str:
    if text.startswith("//"):
        return f"https:{text}"
    first = re.split(r"[/?#]", text, maxsplit=1)[0]
    host = _HOST.fullmatch(first)
    if host and not _FILES.fullmatch(host["last"]):
        return f"https://{text}"
    return text


def _encoded(address: str) -> str:
    """'' unless it is an http(s) address without a user name."""
    if not _SCHEME.match(address):
        return ""
    parts = urlsplit(address)
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname or parts.username:
        return ""
    host = parts.hostname
    if not host.isascii():
        try:
            host = ascii_host(host)
        except ValueError:
            return ""
    place = f"[{host}]" if ":" in host else host
    if parts.port is not None:
        place += f":{parts.port}"
    rest = (quote(part, safe=_SAFE) for part in parts[2:])
    return urlunsplit((parts.scheme.lower(), place, *rest))


def language(written: str) -> str | None:
    """The language tag that a feed means: the first of several, a locale (``en_US.UTF-8``), or a
    language by its name; None when it cannot be told."""
    text = written.strip()[:100]
    tag = _TAG.match(text)
    if tag:
        return _canonical(tag.group())
    word = re.match(r"[^\W\d_]+", text)
    return _languages().get(word.group().casefold()) if word else None


def _canonical(tag: str) -> str | None:
    first, *others = tag[:35].replace("_", "-").split("-")
    base = first.lower()
    known = get_global("language_aliases").get(base, base).partition("_")[0]
    if known not in _codes():
        return None
    sized = {2: str.upper, 4: str.title}
    return "-".join([known, *(sized.get(len(part), str.lower)(part) for part in others)])


@cache
def _codes() -> frozenset[str]:
    return frozenset(Locale("en").languages)


@cache
def _languages() -> dict[str, str]:
    """Codes by the names of languages, in English and a few others, and in their own."""
    found: dict[str, str] = {}
    for spoken in ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "ru", "ja", "zh", "sv", "tr"):
        for code, name in Locale(spoken).languages.items():
            if "_" not in code:
                found.setdefault(name.casefold(), code)
    return found


def moment(written: datetime | str | None, now: datetime) -> datetime | None:
    """When an entry was published; None when nobody can tell, or nothing can have been then."""
    try:
        if isinstance(written, datetime):
            return fields.plausible(written, now)
        return fields.moment(written, now) if written and written.strip() else None
    except (ValueError, OverflowError):
        return None


def name(written: str) -> str:
    """A topic's name; '' when it is none, or prose."""
    try:
        return fields.name(written)
    except ValueError:
        return ""


def clipped(written: str, most: int) -> str:
    """``written`` with no more than so many characters, cut at a word."""
    if len(written) <= most:
        return written
    return written[: most - 1].rsplit(" ", 1)[0] + "…"
