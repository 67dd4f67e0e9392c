"""MJML with Jinja2 in it → HTML with the same Jinja2 in it.

Jinja's own lexer finds the Jinja parts; they are hidden from the MJML compiler behind tokens and
put back afterwards, so nothing in them can confuse it. A part that the compiler loses, repeats or
moves is an error and not a silent hole in every copy.
"""

import bisect
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import jinja2
import mjml

from mailer.rendering.sources import Source

TAGS = frozenset(
    [
        "mjml", "mj-head", "mj-body", "mj-title", "mj-preview", "mj-attributes", "mj-all",
        "mj-class", "mj-style", "mj-raw", "mj-breakpoint", "mj-section", "mj-column", "mj-group",
        "mj-wrapper", "mj-hero", "mj-text", "mj-image", "mj-button", "mj-divider", "mj-spacer",
        "mj-table", "mj-social", "mj-social-element", "mj-navbar", "mj-navbar-link",
    ]
)  # fmt: skip
"""What is known to compile as its authors meant it; the compiler itself lets any tag pass."""
_TAG = re.compile(r"<(/?)(mj[\w-]*)(?:[^>\"']|\"[^\"]*\"|'[^']*')*?(/?)>", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_INLINE = re.compile(r"<mj-style\b[^>]*\binline", re.IGNORECASE)
_TOKEN = re.compile(r"J(\d{5})X")
_INDENT = re.compile(r"(?<=\n)[ \t]+|(?<=[ \t])[ \t]+")
_KEPT_AS_WRITTEN = re.compile(r"<pre\b|<textarea\b|white-space\s*:\s*(?:pre|break)", re.IGNORECASE)


class JinjaPart(NamedTuple):
    """An expression, statement or raw block of a template, and the line it begins on."""

    text: str
    line: int


class Hidden(NamedTuple):
    """MJML with tokens in place of its Jinja parts; ``lines`` has, for characters in rising order,
    the line of the source that is there."""

    text: str
    parts: Sequence[JinjaPart]
    lines: Sequence[tuple[int, int]]

    def line_of(self, offset: int) -> int:
        """The line of the source on which a character is."""
        at = bisect.bisect_right(self.lines, offset, key=lambda mark: mark[0]) - 1
        start, line = self.lines[at] if at >= 0 else (0, 1)
        return line + self.text.count("\n", start, offset)


class Compiled(NamedTuple):
    """HTML, and which Jinja parts are on which of its lines (from 1)."""

    html: str
    parts: Sequence[tuple[int, JinjaPart]]


def compile_mjml(source: Source, environment: jinja2.Environment) -> Compiled:
    """``source``, which is checked as Jinja already, as HTML. ConfigurationError with its file and
    line when it cannot be compiled as it was meant."""
    hidden = _hide(source, environment)
    _check_tags(source, hidden)
    try:
        html: str = mjml.mjml2html(hidden.text, disable_comments=True, fonts={})
    except ValueError as error:
        raise source.wrong(str(error)) from error
    _check_tokens(html, hidden.parts, source)
    if not _KEPT_AS_WRITTEN.search(html):
        html = _INDENT.sub("", html)  # nobody sees it, and every copy would carry it
    return Compiled(
        _TOKEN.sub(lambda match: hidden.parts[int(match[1])].text, html),
        list(_placed(html, hidden.parts)),
    )


def _placed(html: str, parts: Sequence[JinjaPart]) -> Iterator[tuple[int, JinjaPart]]:
    """On which line each part begins once it is put back: some have lines of their own."""
    line, end = 1, 0
    for match in _TOKEN.finditer(html):
        line += html.count("\n", end, match.start())
        part, end = parts[int(match[1])], match.end()
        yield line, part
        line += part.text.count("\n")


def _hide(source: Source, environment: jinja2.Environment) -> Hidden:
    """The text with each Jinja expression, statement and raw block replaced by a token, and
    comments left out."""
    if clash := _TOKEN.search(source.text):
        raise source.wrong(f"the word {clash[0]} is reserved", source.line_of(clash.start()))
    parts: list[JinjaPart] = []
    out: list[str] = []
    lines: list[tuple[int, int]] = []
    held: list[str] = []
    raw, began, length = False, 1, 0

    def put(text: str, line: int) -> None:
        nonlocal length
        lines.append((length, line))
        out.append(text)
        length += len(text)

    for line, kind, value in environment.lex(source.text):
        if kind == "data" and not raw:
            put(value, line)
            continue
        began = began if held else line
        held.append(value)
        raw = (raw or kind == "raw_begin") and kind != "raw_end"
        if kind == "comment_end":
            held.clear()
        elif kind in ("variable_end", "block_end", "raw_end"):
            put(f"J{len(parts):05d}X", began)
            parts.append(JinjaPart("".join(held), began))
            held.clear()
    return Hidden("".join(out), parts, lines)


def _check_tags(source: Source, hidden: Hidden) -> None:
    """Every MJML tag is a known one, and is closed where it was opened: the compiler guesses."""
    text = _COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), hidden.text)
    if inline := _INLINE.search(text):
        raise source.wrong("mj-style inline is not supported", hidden.line_of(inline.start()))
    opened: list[tuple[str, int]] = []
    for tag in _TAG.finditer(text):
        closes, name, empty = tag.groups()
        line = hidden.line_of(tag.start())
        if name not in TAGS:
            raise source.wrong(f"<{name}> is not a tag that can be used", line)
        if not closes and not empty:
            opened.append((name, line))
        elif closes and (not opened or opened.pop()[0] != name):
            raise source.wrong(f"</{name}> closes what was not opened there", line)
    if opened:
        raise source.wrong(f"<{opened[-1][0]}> is not closed", opened[-1][1])


def _check_tokens(html: str, parts: Sequence[JinjaPart], source: Source) -> None:
    """Every expression is still there; statements are, once each and in their order."""
    found = [int(number) for number in _TOKEN.findall(html)]
    lost = sorted(set(range(len(parts))) - set(found))
    if lost:
        text, line = parts[lost[0]]
        why = f"the MJML compiler drops {text}; its value is needed when the template is compiled"
        raise source.wrong(why, line)
    statements = [number for number in found if not parts[number].text.startswith("{{")]
    for before, after in itertools.pairwise(statements):
        if after <= before:
            text, line = parts[after]
            raise source.wrong(f"the MJML compiler moves or repeats {text}", line)
