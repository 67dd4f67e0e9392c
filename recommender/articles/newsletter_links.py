"""Where a link in somebody's newsletter leads, as far as the link itself tells. Nothing is asked:
whoever follows such a link is counted, and may confirm or unsubscribe something.
"""

import base64
import binascii
import re
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from recommender.articles import feed_fields

MOST_LAYERS = 4
"""Links within links that are taken apart."""
TARGETS = frozenset(
    {"url", "u", "redirect", "redirect_url", "redirect_uri", "target", "dest", "destination", "to"}
    | {"link", "r", "l", "href", "goto", "out", "e", "final"}
)
"""Parameters, and names in documents, that hold the target."""
_TAGS = re.compile(
    r"utm_\w+|mc_[ce]id|_hs(?:enc|mi)|mkt_tok|fbclid|gclid|ck_subscriber_id|sh_kit|vero_\w+|oly_\w+"
    r"|bhlid|s_cid|trk\w*|publication_id|post_id|isFreemail|triedRedirect",
    re.IGNORECASE,
)
"""Parameters that say who followed a link, and from where."""
_SEGMENT = re.compile(r"[A-Za-z0-9_+=-]{16,4000}")
_INNER = re.compile(r"https?:(?://|%2F%2F)", re.IGNORECASE)
_QUOTED = re.compile(r'"([^"\\]{1,20})"\s{0,9}:\s{0,9}"(https?:[^"\s]{4,2000})"')
_PLAIN = re.compile(r"https?://[^\s\"'<>\x00-\x20]{4,2000}")


def target(link: str) -> str | None:
    """The http(s) address that ``link`` leads to, without what says who followed it; that of the
    link itself where it does not tell. None for any other link."""
    address = feed_fields.link(link)
    for _ in range(MOST_LAYERS):
        inner = None if address is None else _within(address)
        if inner is None:
            break
        address = inner
    return None if address is None else feed_fields.link(_plain(address))


def _within(address: str) -> str | None:
    """The address that another holds, in a parameter or a part of its path."""
    parts = urlsplit(address)
    for name, value in parse_qsl(parts.query, max_num_fields=100):
        if name.lower() in TARGETS and (found := _read(value)):
            return found
    for segment in parts.path.split("/")[1:]:
        if found := _read(unquote(segment)):
            return found
    inner = _INNER.search(address, 8)
    if inner is not None and inner.start() <= len(address) - 8 and "?" not in parts.path:
        rest = address[inner.start() :]
        if "?" not in address[: inner.start()]:  # a path such as /CL0/https:%2F%2Fexample.com/1/…
            return feed_fields.link(unquote(rest.split("/", 1)[0] if "%2F%2F" in rest else rest))
    return None


def _read(text: str) -> str | None:
    """The address that a piece of a link is, as it is or in base64."""
    if re.match(r"https?:(?://|%2F%2F)", text, re.IGNORECASE):
        return feed_fields.link(unquote(text) if "%2F" in text[:16].upper() else text)
    for segment in _SEGMENT.findall(text)[:5]:
        try:
            padded = segment.rstrip("=") + "=" * (-len(segment.rstrip("=")) % 4)
            decoded = base64.b64decode(padded, altchars=b"-_", validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            continue
        named = [value for name, value in _QUOTED.findall(decoded) if name.lower() in TARGETS]
        whole = _PLAIN.match(decoded)
        if named or whole:
            return feed_fields.link(named[0] if named else whole[0] if whole else "")
    return None


def _plain(address: str) -> str:
    parts = urlsplit(address)
    if not parts.query:
        return address
    given = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=200)
    kept = [(name, value) for name, value in given if not _TAGS.fullmatch(name)]
    if len(kept) == len(given):
        return address
    return urlunsplit(parts._replace(query=urlencode(kept)))
