"""An XML feed's bytes as feedparser understands them, in time that grows with their number only.

The only module that knows feedparser, which ships no types and has lists and expressions of its own
whose time grows with the square of what a server sends: they are bounded here. The encoding is
settled here, too: of the codecs that a document may name, some are no encodings of text.
"""

import codecs
import io
import re
import xml.sax.xmlreader
from typing import Any

import feedparser
import feedparser.api

MAX_HEAD = 32_768
"""Bytes before the first element, its white space taken together."""
MAX_ATTRIBUTES = 100
"""Attributes of an element; more are left out."""
MAX_TAGS = 200
"""Categories of an entry; more are left out."""

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}["']([\w.:-]{1,40})["']""")
_DECLARATION = re.compile(r"^\s*<\?xml\b[^>]{0,1000}\?>")
_ELEMENT = re.compile(r"<\w")
_NESTED = re.compile(r"<!ENTITY\s[^>\"']{0,200}(\"[^\"]{0,2000}&\w|'[^']{0,2000}&\w)")
"""An entity made of others: how a few bytes are made to become billions (a bomb)."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_ENCODINGS = re.compile(
    r"utf-(8|16|32)(-[lb]e)?|ascii|iso8859-\d+|cp(125\d|437|8\d\d|9\d\d|1006)|koi8-[rtu]|mac-\w+"
    r"|tis-620|kz1048|ptcp154|gb2312|gbk|gb18030|hz|big5(hkscs)?|shift_jis\w*|euc_\w+|iso2022_\w+|johab"
)
"""Encodings of text, as Python's registry names them."""


def parsed(data: bytes, charset: str = "") -> Any:  # Any: feedparser's own dictionary
    """What feedparser makes of a document; ``charset`` is what the server said of it.

    Raises ValueError when it does not begin like a feed, or breaks the parser.
    """
    text = _text(data, charset)
    declaration = _DECLARATION.match(text)
    if declaration:
        text = text[declaration.end() :]
    start = _ELEMENT.search(text)
    if start is None:
        raise ValueError("no element")
    head = re.sub(r"\s+", "\n", text[: start.start()])
    if len(head) > MAX_HEAD:
        raise ValueError("it begins with too much that is no element")
    if _NESTED.search(head):
        raise ValueError("it declares entities that are made of entities")
    whole = '<?xml version="1.0" encoding="utf-8"?>' + head + text[start.start() :]
    try:
        # A stream, since feedparser would fetch a string that looks like an address.
        return feedparser.parse(
            io.BytesIO(whole.encode("utf-8", "replace")),
            sanitize_html=False,  # no markup is kept
            resolve_relative_uris=False,
        )
    except (LookupError, TypeError, AttributeError, AssertionError) as error:
        raise ValueError("it breaks the parser") from error


def _text(data: bytes, charset: str) -> str:
    """Decoded as its first bytes say, else as the server does, else as its declaration (RFC 7303,
    3.2); else as UTF-8 or Windows-1252. Text that is UTF-8 is not taken for Latin-1, which servers
    say of whatever they serve."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace").removeprefix("\ufeff")
    declared = _DECLARED.match(data[:1_000])
    inside = declared[1].decode() if declared else "utf-8"
    for encoding in ("utf-8" if _is_latin(charset) else charset, charset, inside, "utf-8"):
        try:
            if encoding and _ENCODINGS.fullmatch(codecs.lookup(encoding).name):
                return data.decode(encoding)
        except (LookupError, UnicodeError, ValueError):
            continue
    return data.decode("cp1252", "replace")


def _is_latin(charset: str) -> bool:
    try:
        return codecs.lookup(charset).name in {"ascii", "iso8859-1", "cp1252", "iso8859-15"}
    except (LookupError, ValueError):
        return False


class _Bounded:
    """What feedparser's parsers do otherwise here."""

    def _sync_author_detail(self, key: str = "author") -> None:
        """Look for no address of an author: nobody asks for it."""

    def _add_tag(self, term: object, scheme: object, label: object) -> None:
        tags = self._get_context().setdefault("tags", [])  # type: ignore[attr-defined]
        if len(tags) < MAX_TAGS:
            super()._add_tag(term, scheme, label)  # type: ignore[misc]


class _Strict(_Bounded, feedparser.api.StrictFeedParser):  # type: ignore[misc]  # no types
    def startElementNS(self, name: Any, qname: Any, attrs: Any) -> None:  # noqa: N802  (SAX's name)
        names = attrs.getNames()
        if len(names) > MAX_ATTRIBUTES:
            few = names[:MAX_ATTRIBUTES]
            attrs = xml.sax.xmlreader.AttributesNSImpl(
                {one: attrs.getValue(one) for one in few},
                {one: attrs.getQNameByName(one) for one in few},
            )
        super().startElementNS(name, qname, attrs)


class _Loose(_Bounded, feedparser.api.LooseFeedParser):  # type: ignore[misc]  # no types
    def unknown_starttag(self, tag: Any, attrs: Any) -> None:
        super().unknown_starttag(tag, attrs[:MAX_ATTRIBUTES])


# feedparser takes its parsers from here, and has no other way to be given any.
feedparser.api.StrictFeedParser = _Strict
feedparser.api.LooseFeedParser = _Loose
