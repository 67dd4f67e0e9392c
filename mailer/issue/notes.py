"""An editor's note: Markdown read into blocks of plain text, which templates draw.

Nothing of a note is ever markup: its HTML is shown as the text it is, its pictures by their words,
and links lead to the web or nowhere. So a note can break neither a message nor its rules.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Literal

from mailer.issue.content import web_address
from mailer.issue.plaintext import clean, direction

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

LONGEST = 5_000
"""Characters of a note in Markdown."""

Kind = Literal["paragraph", "heading", "list", "numbers", "quote", "code", "rule", "button"]
_GROUPS: Mapping[str, Kind] = {
    "bullet_list_open": "list",
    "ordered_list_open": "numbers",
    "blockquote_open": "quote",
}


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text that looks alike. ``url`` is empty where it is no link."""

    text: str
    url: str = ""
    strong: bool = False
    emphasis: bool = False
    code: bool = False


@dataclass(frozen=True)
class Line:
    """A line of a paragraph, or an item of a list."""

    spans: tuple[Span, ...]

    @cached_property
    def text(self) -> str:
        """The line without markup; the address of a link stands behind its words."""
        return clean("".join(map(_plain, self.spans)))


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading, quote, block of code or list with its lines; a ``rule`` has none.
    A ``button`` is one link; no editor writes one."""

    kind: Kind
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Note:
    """What editors say at the top of an issue. ``lang`` is the language it is written in, empty
    when it is the issue's; ``label`` says whose it is, in the issue's. Notes are remembered, so
    each is compared as the one object it is."""

    blocks: tuple[Block, ...]
    lang: str = ""
    dir: str = "ltr"
    label: str = ""


def check(text: str) -> str:
    """A note as it is kept. ValueError when it is empty or too long."""
    kept = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(kept) > LONGEST:
        raise ValueError(f"has {len(kept):,} characters; at most {LONGEST:,} are taken")
    if not parse(kept):
        raise ValueError("says nothing")
    return kept


def note(texts: Sequence[str], lang: str = "", label: str = "") -> Note | None:
    """Notes in Markdown, one below the other, as one under a ``label``; None when they say
    nothing."""
    blocks = tuple(block for text in texts for block in parse(text))
    said = "".join(line.text for block in blocks for line in block.lines)
    return Note(blocks, lang, direction(said), label) if blocks else None


def parse(text: str) -> tuple[Block, ...]:
    """The blocks of a text in Markdown (CommonMark). A list in a list goes on with it."""
    found: list[tuple[Kind, int, list[Line]]] = []
    around: list[Token] = []
    for token in _parser().parse(text[:LONGEST]):
        if token.nesting == 1:
            around.append(token)
        elif token.nesting == -1:
            around.pop()
        kind, group = _kind(token, around)
        if kind == "rule":
            found.append((kind, group, []))
        lines = _lines(token)
        if kind == "heading" and lines:
            lines = [_heading(lines)]
        if lines:
            if found and found[-1][:2] == (kind, group):
                found[-1][2].extend(lines)
            else:
                found.append((kind, group, lines))
    return tuple(Block(kind, tuple(lines)) for kind, _, lines in found)


@lru_cache(maxsize=1)
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # sixty modules, which only an edition with a note needs

    return MarkdownIt("commonmark", {"html": False})


def _kind(token: "Token", around: "Sequence[Token]") -> tuple[Kind, int]:
    """What a token is part of, and what tells it from its neighbours: those within the same list
    or quote are one block."""
    for outer in around:
        if outer.type in _GROUPS:
            return _GROUPS[outer.type], id(outer)
    if token.type in ("fence", "code_block"):
        return "code", id(token)
    if token.type == "hr":
        return "rule", id(token)
    heading = any(outer.type == "heading_open" for outer in around)
    return "heading" if heading else "paragraph", id(token)


def _lines(token: "Token") -> list[Line]:
    """The lines of a text; none of what is no text, or says nothing."""
    if token.type in ("fence", "code_block"):
        rows = [clean(row) for row in token.content.splitlines()]
        return [Line((Span(row, code=True),)) for row in rows if row]
    if token.type != "inline":
        return []
    lines = [Line(tuple(spans)) for spans in _broken(token.children or ())]
    return [line for line in lines if line.text]


def _heading(lines: Sequence[Line]) -> Line:
    """The lines of a heading as one, without links: so both parts of a message have the same."""
    spans = [replace(span, url="") for line in lines for span in (*line.spans, Span(" "))]
    return Line(tuple(spans[:-1]))


def _address(text: str) -> str:
    """An address on the web, percent-encoded; empty for any other. Without parentheses, since the
    text part puts it between some."""
    return web_address(text).replace("(", "%28").replace(")", "%29")


def _broken(tokens: "Sequence[Token]") -> Iterator[list[Span]]:
    """The spans of an inline text, line by line."""
    spans: list[Span] = []
    strong = emphasis = 0
    url = ""
    for token in tokens:
        match token.type:
            case "strong_open" | "strong_close":
                strong += token.nesting
            case "em_open" | "em_close":
                emphasis += token.nesting
            case "link_open":
                url = _address(str(token.attrs.get("href", "")))
            case "link_close":
                url = ""
            case "hardbreak":
                yield spans
                spans = []
            case _:
                text = _visible(" " if token.type == "softbreak" else token.content)
                if text and url and spans and spans[-1].url == url:
                    spans[-1] = replace(spans[-1], text=spans[-1].text + text)
                elif text:
                    code = token.type == "code_inline"
                    spans.append(Span(text, url, strong > 0, emphasis > 0, code))
    yield spans


def _visible(text: str) -> str:
    """``text`` cleaned, with the space at its ends where it had some: it stands among others."""
    said = clean(text)
    if not said:
        return " " if text else ""
    return f"{' ' * text[:1].isspace()}{said}{' ' * text[-1:].isspace()}"


def _plain(span: Span) -> str:
    if not span.url or span.url == span.text:
        return span.text
    return f"{span.text} ({span.url})"
