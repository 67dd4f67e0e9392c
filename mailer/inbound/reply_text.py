"""What a person wrote in a reply, without what it quotes and without signatures.

Our own issue, with its footer, stands in most replies; nothing in it counts as said by the reader.
It knows the ways in which mail programs introduce a quotation, in English, German and French.
"""

import html
import re
from collections.abc import Sequence

from mailer.inbound import notices
from mailer.inbound.mime_parts import Part

LONGEST = 4_000
"""Characters of one's own words that are looked at."""
_PREFIX = re.compile(r"(?i)^\s*((re|aw|antw|sv|r[ée]f?|fwd?|wg|tr)\s*(\[\d+\])?\s*:\s*)+")
_QUOTED = re.compile(
    r"(?im)^[ \t]*("
    r">.*$"
    r"|(on|am|le|el|il|den|op)\b[^\n]{0,200}(\n[^\n]{0,200})?"
    r"(wrote|schrieb|a [ée]crit|escribi[óo]|ha scritto|skrev|schreef)\b[^\n]{0,200}:?[ \t]*$"
    r"|-{2,}[ \t]*(original|urspr[üu]ngliche|forwarded|weitergeleitete|message d)[^\n]*$"
    r"|_{10,}[ \t]*$"
    r"|(from|von|de|expéditeur)[ \t]*:[^\n]{0,300}\n[ \t]*"
    r"(sent|gesendet|date|datum|to|an|envoy[ée])[ \t]*:"
    r")"
)
_SIGNATURE = re.compile(
    r"(?im)^([ \t]*--[ \t]*$|[ \t]*(sent|get|gesendet|von meinem|envoy[ée])\b[^\n]{0,40}"
    r"(iphone|ipad|android|outlook|mobile|handy|smartphone|galaxy|samsung|mail)\b"
    r"|[ \t]*von meinem \w+ gesendet)"
)
_QUOTED_HTML = re.compile(
    r"(?i)<blockquote|<div[^<>]{0,300}(gmail_quote|divrplyfwdmsg|yahoo_quoted|moz-cite-prefix"
    r"|gmail_signature|x_gmail_quote|appendonsend|OutlookMessageHeader)"
)


def subject(parts: Sequence[Part]) -> str:
    """The subject, without "Re:" and its like."""
    written = notices.subject(parts[0]).strip()
    return _PREFIX.sub("", written)


def own(parts: Sequence[Part]) -> str:
    """One's own words: text before the first quotation or signature."""
    for kind in ("text/plain", "text/html"):
        for part in parts:
            if part.returned:
                break
            if part.kind == kind and part.body.strip():
                text = part.text[: LONGEST * 16]
                return _unquoted(_visible(text) if kind == "text/html" else text)
    return ""


def _unquoted(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\xa0", " ")
    ends = [found.start() for way in (_QUOTED, _SIGNATURE) if (found := way.search(text))]
    return text[: min(ends, default=len(text))].strip()[:LONGEST]


def _visible(source: str) -> str:
    quoted = _QUOTED_HTML.search(source)
    source = source[: quoted.start()] if quoted else source
    source = re.sub(r"(?is)<(style|script|head)\b.{0,100000}?</\1\s*>", " ", source)
    source = re.sub(r"(?i)<(br|/?p|/?div|/?tr|/?li)\b[^<>]{0,2000}>", "\n", source)
    return html.unescape(re.sub(r"<[^<>]{0,2000}>", "", source))
