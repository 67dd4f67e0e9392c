"""Turns the HTML of feeds into plain text. Keeps words, drops markup, scripts and styles; what it
returns is text to be escaped again wherever it is shown, never markup to be trusted."""

import re
from html import unescape
from html.parser import HTMLParser

_SILENT = frozenset({"script", "style", "template", "noscript", "iframe", "object", "svg", "head"})
_BREAKS = frozenset(
    {"p", "div", "br", "hr", "li", "ul", "ol", "tr", "table", "blockquote", "pre", "figure"}
    | {"section", "article", "header", "footer", "aside", "dt", "dd"}
    | {f"h{level}" for level in range(1, 7)}
)
_INLINE = (
    "a|abbr|b|bdi|bdo|big|cite|code|del|dfn|em|font|i|ins|kbd|mark|q|s|samp|small|span|strike|strong"
    "|sub|sup|tt|u|var|p|div|h[1-6]"
)
_PAIR = re.compile(rf"<({_INLINE})(?:\s[^<>]{{0,1000}})?>([^<>]{{0,2000}})</\1\s*>", re.IGNORECASE)
_SINGLE = re.compile(r"<(?:br|wbr|img|hr)(?:\s[^<>]{0,1000})?/?>", re.IGNORECASE)
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
MAX_NESTED = 8
"""Elements of a title within one another that are taken off."""
MAX_LINE = 5_000
"""Characters of a title that are looked at."""
MAX_HTML = 200_000
"""Characters of markup that are read; the rest is cut off."""
_TAG = re.compile(r"</?[A-Za-z]")
_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>|<!--|&(?:#\d+|#[xX][0-9A-Fa-f]+|[A-Za-z]+);")


def text(html: str) -> str:
    """The words of ``html``, one line a block; text without markup is returned as it is."""
    if not _MARKUP.search(html):
        return html.strip()
    read, rest = ended(html, MAX_HTML)
    reader = _Reader()
    reader.feed(read)
    reader.close()
    if not reader.silent:
        reader.parts.append(unescape(rest))
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def ended(html: str, most: int) -> tuple[str, str]:
    """The first ``most`` characters without comments: up to a tag that never ends, and from there
    on, which is text. The parser's time would grow with the square of such comments and tags."""
    read = _without_comments(html[:most])
    unended = _TAG.search(read, read.rfind(">") + 1)
    end = len(read) if unended is None else unended.start()
    return read[:end], read[end:]


def line(written: str) -> str:
    """The words of a title that may be HTML or may speak of it: elements that surely are markup (in
    pairs, or known to stand alone) are taken off, every other ``<word>`` stays as it is written."""
    text = paired(written[:MAX_LINE])
    return " ".join(_REFERENCE.sub(lambda found: unescape(found.group()), text).split())


def paired(text: str) -> str:
    """``text`` without the elements of which both ends are there, and those that have but one."""
    if "<" not in text:
        return text
    for _ in range(MAX_NESTED):
        plain = _PAIR.sub(r"\2", text)
        if plain == text:
            break
        text = plain
    return _SINGLE.sub(" ", text)


def _without_comments(html: str) -> str:
    """Done by hand: on comments that never end the parser's time grows with their square."""
    parts, position = [], 0
    while (start := html.find("<!--", position)) >= 0:
        parts.append(html[position:start])
        end = html.find("-->", start + 4)
        if end < 0:
            return "".join(parts)
        position = end + 3
    return "".join(parts) + html[position:]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent = 0

    def parse_html_declaration(self, i: int) -> int:
        """As the HTML standard says, a marked section is a comment up to the next ``>``; the
        library would stop at one of a kind it does not know."""
        if self.rawdata.startswith("<![", i):
            return self.parse_bogus_comment(i)
        return super().parse_html_declaration(i)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in _SILENT:
            self.silent += 1
        elif tag in _BREAKS:
            self.parts.append("\n")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent = max(0, self.silent - 1)
        elif tag in _BREAKS:
            self.parts.append("\n\n" if tag == "p" else "\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(re.sub(r"\s+", " ", data))
