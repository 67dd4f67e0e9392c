"""Takes one message apart, for looking at it: fields, parts, and what a reader sees of its HTML.

Nothing is repaired: what is wrong with a message is to be seen. It judges nothing.
"""

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import MessageError
from email.header import decode_header, make_header
from email.headerregistry import HeaderRegistry
from email.message import EmailMessage
from email.utils import getaddresses
from functools import lru_cache
from html.parser import HTMLParser

VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source")
) | {"track", "wbr"}
_CONDITION = re.compile(r"<!(?:--\[if[^\]]*\]>(?:<!--\s*-->|<!-->)?|(?:--\s*<!)?\[endif\]-->)")
_SIZE = re.compile(r"(?:^|;)\s*font-size\s*:\s*([\d.]+)px")
_HIDDEN = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)")
_NO_TEXT = frozenset(["style", "script", "title"])
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
DEFAULT_SIZE = 16.0
_POLICY = email.policy.default.clone(header_factory=lru_cache(maxsize=1_000)(HeaderRegistry()))
"""The default one, which parses a field each time it is asked for; many are alike in all copies."""


@dataclass
class Anchor:
    """A link of the page: where it leads, what it is called, whether it can be seen."""

    href: str
    label: str = ""
    text: str = ""
    hidden: bool = False
    pictures: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What a screen reader says (WAI accessible name, as far as mail needs it)."""
        return self.label or " ".join(f"{self.text} {' '.join(self.pictures)}".split())


@dataclass
class _Open:
    """An element that has not ended: what it means for the text in it."""

    tag: str
    hidden: bool
    size: float
    heading: bool


_OUTSIDE = _Open("", False, DEFAULT_SIZE, False)


class Page(HTMLParser):
    """Tags, links, headings and text of an HTML part, in their order. Sizes are in CSS pixels."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[tuple[int, str]] = []
        self.anchors: list[Anchor] = []
        self.unbalanced: list[str] = []
        self.texts: list[tuple[str, float]] = []
        self.hidden_text = ""
        self.title = ""
        self.doctype = ""
        self._open: list[_Open] = []
        self._anchor: Anchor | None = None

    def handle_decl(self, decl: str) -> None:
        self.doctype = self.doctype or decl

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        outer = self._open[-1] if self._open else _OUTSIDE
        style = (found.get("style") or "").lower()
        hidden = outer.hidden or "hidden" in found or _HIDDEN.search(style) is not None
        size = _SIZE.search(style)
        if tag in _HEADINGS:
            self.headings.append((_HEADINGS[tag], ""))
        if tag == "a":
            href, label = found.get("href") or "", found.get("aria-label") or ""
            self._anchor = Anchor(href, label, hidden=hidden)
            self.anchors.append(self._anchor)
        if tag == "img" and self._anchor is not None:
            self._anchor.pictures.append(found.get("alt") or "")
        if tag not in VOID:
            pixels = float(size[1]) if size else outer.size
            self._open.append(_Open(tag, hidden, pixels, outer.heading or tag in _HEADINGS))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if tag == "a":
            self._anchor = None
        if self._open and self._open[-1].tag == tag:
            self._open.pop()
        else:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        inside = self._open[-1] if self._open else _OUTSIDE
        if inside.tag == "title":
            self.title += data
        if inside.tag in _NO_TEXT or not data.strip():
            return
        if inside.hidden:
            self.hidden_text += data
        else:
            self.texts.append((data, inside.size))
        if self._anchor is not None:
            self._anchor.text += data
        if inside.heading:
            level, text = self.headings[-1]
            self.headings[-1] = (level, text + data)

    def left_open(self) -> list[str]:
        return [element.tag for element in self._open]

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        """Of every element of this kind."""
        return [attributes for name, attributes in self.tags if name == tag]

    def links(self) -> list[str]:
        found = (attrs.get(name) for _, attrs in self.tags for name in ("href", "src"))
        return [link for link in found if link is not None]


@dataclass(frozen=True)
class ParsedMessage:
    """A message taken apart: its bytes, head and fields as they are, the message as parsed, its two
    texts, and the HTML as one sees it, and as Outlook does. ``recipient`` and ``now`` are what is
    known beside it."""

    raw: bytes
    head: bytes
    fields: tuple[tuple[str, bytes], ...]
    message: EmailMessage
    text: str
    html: str
    page: Page
    outlook: Page
    recipient: str | None = None
    now: datetime | None = None

    def all(self, name: str) -> list[bytes]:
        """Every value of a field, folds taken out."""
        return [value for known, value in self.fields if known == name.lower()]

    def value(self, name: str) -> str:
        """The first value of a field, undecoded; empty when there is none."""
        return next(iter(self.all(name)), b"").decode("utf-8", "replace")

    def addresses(self, name: str) -> list[tuple[str, str]]:
        """The mailboxes of a field as (display name, address)."""
        values = [value.decode("utf-8", "replace") for value in self.all(name)]
        pairs = [pair for pair in getaddresses(values) if any(pair)]
        return [(decoded(display), address) for display, address in pairs]

    @property
    def sender_domain(self) -> str:
        addresses = self.addresses("From")
        return addresses[0][1].rpartition("@")[2].lower() if addresses else ""

    def leaves(self) -> Iterator[EmailMessage]:
        """The parts that hold content, in their order."""
        return (part for part in self.message.walk() if not part.is_multipart())

    @property
    def unsubscribe_url(self) -> str:
        """The https address in List-Unsubscribe; empty when there is none."""
        found = re.search(r"<(https://[^<>\s]*)>", self.value("List-Unsubscribe"))
        return found[1] if found else ""


def parse_message(
    data: bytes, *, recipient: str | None = None, now: datetime | None = None
) -> ParsedMessage:
    """The message in ``data``, whatever state it is in."""
    message = email.message_from_bytes(data, policy=_POLICY)
    parts = {part.get_content_type(): part for part in message.walk() if not part.is_multipart()}
    html = _content(parts.get("text/html"))
    head = re.split(rb"\r?\n\r?\n", data, maxsplit=1)[0]
    return ParsedMessage(
        raw=data,
        head=head,
        fields=_fields(head),
        message=message,
        text=_content(parts.get("text/plain")),
        html=html,
        page=_page(html),
        outlook=_page(_CONDITION.sub("", html)),
        recipient=recipient,
        now=now,
    )


def _fields(head: bytes) -> tuple[tuple[str, bytes], ...]:
    unfolded = re.sub(rb"\r?\n(?=[ \t])", b"", head)
    pairs = (line.partition(b":") for line in re.split(rb"\r?\n", unfolded) if line)
    return tuple((name.decode("latin-1").lower(), value.strip()) for name, _, value in pairs)


def decoded(value: str) -> str:
    """A field's value with its encoded words (RFC 2047) read; as it is where they cannot be."""
    try:
        return str(make_header(decode_header(value)))
    except (MessageError, LookupError, ValueError):  # the first: base64, or a character set, that
        return value  # is none


def _page(html: str) -> Page:
    page = Page()
    page.feed(html)
    page.close()
    return page


def _content(part: EmailMessage | None) -> str:
    if part is None:
        return ""
    payload = part.get_payload(decode=True)
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
