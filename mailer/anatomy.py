"""Takes one message apart, for looking at it: headers, parts, the tags and links of its HTML."""

import email
import email.policy
import re
from dataclasses import dataclass
from email.message import EmailMessage
from html.parser import HTMLParser

_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source")
) | {"track", "wbr"}


@dataclass(frozen=True)
class Parsed:
    """The raw bytes and their head; the message as parsed; its two texts; the tags of the HTML."""

    raw: bytes
    head: bytes
    message: EmailMessage
    text: str
    html: str
    page: "Page"


class Page(HTMLParser):
    """Tags, links and their order in an HTML part."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[int] = []
        self.unbalanced: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if self._open and self._open[-1] == tag:
            self._open.pop()
        else:
            self.unbalanced.append(tag)

    def left_open(self) -> list[str]:
        return self._open

    def links(self) -> list[str]:
        found = (attrs.get(name) for _, attrs in self.tags for name in ("href", "src"))
        return [link for link in found if link is not None]


def take_apart(data: bytes) -> Parsed:
    """The message in ``data``, whatever state it is in."""
    message = email.message_from_bytes(data, policy=email.policy.default)
    if not isinstance(message, EmailMessage):
        raise TypeError("the default policy makes EmailMessage")
    parts = {part.get_content_type(): part for part in message.walk()}
    html = _content(parts.get("text/html"))
    page = Page()
    page.feed(html)
    head = data.partition(b"\r\n\r\n")[0]
    return Parsed(data, head, message, _content(parts.get("text/plain")), html, page)


def _content(part: EmailMessage | None) -> str:
    if part is None:
        return ""
    payload = part.get_payload(decode=True)
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
