"""Reads editorial briefs: a text file with a title, sections under headings and an attribution.

The layout is forgiving (sections in any order, missing or empty; plain or Markdown headings;
bullets of any kind), the values are not: a file that is no text, a date nobody can have meant or
an address that is none is a ``BriefError`` with file, line and reason. The words of the brief are
kept: text under headings nobody knows becomes its ``body``.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from recommender.articles import dates, fields, markdown
from recommender.articles.layout import Layout, Line, Section, lay_out
from recommender.articles.values import ArticleDraft
from recommender.errors import BriefError, UnpublishedError

MAX_FILE = 5_000_000
"""Bytes in a file."""
MAX_LINE = 1_000_000
"""Characters in a line."""
MAX_OPENING = 2_000
"""Characters of text without any heading that still count as a summary."""

_BULLET = re.compile(r"\s*(?:[-*+•‣▪◦·–—]|\(?\d{1,3}[.)])\s+(?P<item>.*)")
_BARE_BULLET = re.compile(r"\s*(?:[-*+•‣▪◦·–—]|\(?\d{1,3}[.)])\s*")
_QUOTED = re.compile(r"(?:> )+|>$")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_SENTENCE_END = (".", "!", "?", ":", "…", '"', "”", ")")

T = TypeVar("T")


def read(path: Path, now: datetime) -> ArticleDraft:
    """The brief in the file ``path``, its key made from the file's name.

    Raises BriefError when it cannot be read; ``now`` bounds its date.
    """
    try:
        with path.open("rb") as handle:
            data = handle.read(MAX_FILE + 1)
    except OSError as error:
        raise BriefError(path, None, f"cannot be opened: {error.strerror or error}") from error
    return parse(decode(data, path), path=path, key=fields.slug(path.stem), now=now)


def decode(data: bytes, path: Path | str) -> str:
    """The text of a brief's bytes: UTF-8, or UTF-16 that says so by its byte order mark."""
    if len(data) > MAX_FILE:
        raise BriefError(path, None, f"is larger than {MAX_FILE // 1_000_000} MB; not a brief")
    encoding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        if b"\x00" in data[:8192]:
            raise BriefError(path, None, "is binary, not text") from error
        line = data.count(b"\n", 0, error.start) + 1
        known = "UTF-16" if encoding == "utf-16" else "UTF-8"
        raise BriefError(
            path, line, f"not {known} text, byte {error.start + 1}; save the file as UTF-8"
        ) from error


def parse(text: str, *, path: Path | str, key: str, now: datetime) -> ArticleDraft:
    """The article a brief describes; ``path`` is named in errors, ``now`` bounds its date.

    Raises BriefError, and nothing else, whatever the text: UnpublishedError for a draft.
    """
    lines = list(_lines(text, path))
    if not any(line.strip() for _, line in lines):
        raise BriefError(path, None, "is empty")
    layout = lay_out(lines)
    if layout.unpublished:
        raise UnpublishedError(path, None, layout.unpublished)
    if layout.title is None:
        raise BriefError(path, _first_line(layout), "no title: the first line should be the title")
    if not _has_content(layout):
        raise BriefError(
            path,
            layout.title[0],
            "a title and nothing else; expected sections such as Summary or Key takeaway",
        )
    return _draft(layout, path, key, now)


def _lines(text: str, path: Path | str) -> Iterator[Line]:
    unified = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    for number, line in enumerate(unified.split("\n"), start=1):
        if len(line) > MAX_LINE:
            raise BriefError(path, number, f"a line of {len(line)} characters; not a brief")
        control = _CONTROL.search(line)
        if control:
            code = ord(control.group())
            why = "is binary, not text" if code == 0 else f"control character U+{code:04X} in text"
            raise BriefError(path, number, why)
        if not line.isascii():
            _checked(path, number, "text", fields.paragraphs, line)
        yield number, line


def _draft(layout: Layout, path: Path | str, key: str, now: datetime) -> ArticleDraft:
    def section(kind: str) -> list[Section]:
        return [part for part in layout.sections if part.kind == kind]

    def value(target: str, read_as: Callable[[str], T], default: T) -> T:
        number, text = layout.labels.get(target) or layout.attribution.get(target) or (0, "")
        return _checked(path, number, target, read_as, text) if text else default

    number, title = layout.title or (1, "")
    opening, rest = _opening(section("opening"), alone=not section("summary"))
    summary = [opening, *(_prose(part.lines) for part in section("summary"))]
    body = [rest, *(_other(part) for part in section("other"))]
    return ArticleDraft(
        key=key,
        title=_checked(path, number, "title", fields.title, _plain(title)),
        summary=_joined(summary),
        takeaway=_joined(_prose(part.lines) for part in section("takeaway")),
        insights=_items(section("insights")),
        principles=_items(section("principles")),
        practice=_items(section("practice")),
        topics=_names(section("topics"), path),
        roles=_names(section("roles"), path),
        code_references=_code(section("code_references")),
        body=_joined(body),
        url=value("url", _address, None),
        source=value("source", _optional, None),
        curator=value("curator", _optional, None),
        language=value("language", fields.language, None),
        published_at=value("published_at", lambda text: dates.moment(text, now), None),
        must_read=value("must_read", fields.yes_or_no, False),
    )


def _checked(path: Path | str, line: int, what: str, read_as: Callable[[str], T], text: str) -> T:
    try:
        return read_as(text)
    except ValueError as error:
        raise BriefError(path, line or None, f"{what}: {error}") from error


def _address(text: str) -> str | None:
    return fields.web_address(text.strip("<>"))


def _optional(text: str) -> str | None:
    return fields.one_line(_plain(text)) or None


def _first_line(layout: Layout) -> int | None:
    return layout.sections[0].line if layout.sections else None


def _has_content(layout: Layout) -> bool:
    return any(
        part.kind not in {"opening", "other"} or any(text.strip() for _, text in part.lines)
        for part in layout.sections
    )


def _plain(text: str, *, html: bool = False) -> str:
    return markdown.plain(text, html=html)


def _joined(texts: Iterable[str]) -> str:
    return "\n\n".join(text for text in texts if text)


def _opening(sections: list[Section], *, alone: bool) -> tuple[str, str]:
    """Text before any heading as (summary, body): a summary when it is short, and the only one."""
    text = _joined(_prose(part.lines) for part in sections)
    if not alone:
        return "", text
    if len(text) <= MAX_OPENING:
        return text, ""
    first, _, rest = text.partition("\n\n")
    return (first, rest) if len(first) <= MAX_OPENING else ("", text)


def _other(part: Section) -> str:
    text = _prose(part.lines)
    return f"{_plain(part.heading)}\n{text}".strip()


def _prose(lines: list[Line]) -> str:
    """Paragraphs, each on one line; bullets keep a line each and lose their mark."""
    paragraphs: list[str] = []
    current: list[str] = []

    def close() -> None:
        if current:
            paragraphs.append(" ".join(current))
            current.clear()

    for _, text in lines:
        bullet = _BULLET.fullmatch(text)
        line = (bullet.group("item") if bullet else text).strip()
        line = _QUOTED.sub("", line)
        if bullet or not line:
            close()
            if not line and paragraphs and paragraphs[-1]:
                paragraphs.append("")
        if line:
            current.append(line)
    close()
    return fields.paragraphs("\n".join(_plain(text, html=True) for text in paragraphs))


def _items(sections: list[Section]) -> tuple[str, ...]:
    items = (_plain(item, html=True) for part in sections for item in _raw_items(part.lines))
    return tuple(item for item in map(fields.one_line, items) if item)


def _raw_items(lines: list[Line]) -> list[str]:
    """One item per bullet, or per line; a line that goes on with a sentence belongs to it."""
    items: list[str] = []
    open_item = False
    for _, text in lines:
        bullet = _BULLET.fullmatch(text)
        line = (bullet.group("item") if bullet else text).strip()
        if not line or _BARE_BULLET.fullmatch(line):
            open_item = False
        elif not bullet and open_item and _goes_on(items[-1], text):
            items[-1] = f"{items[-1]} {line}"
        else:
            items.append(line)
            open_item = True
    return items


def _goes_on(item: str, text: str) -> bool:
    indented = text[:1] in {" ", "\t"}
    return indented or (not item.endswith(_SENTENCE_END) and text[:1].islower())


def _names(sections: list[Section], path: Path | str) -> tuple[str, ...]:
    """Names from bullets (one each) or lines separated by commas or semicolons; each once."""
    found: dict[str, str] = {}
    for part in sections:
        for number, text in part.lines:
            bullet = _BULLET.fullmatch(text)
            if bullet:
                names = [bullet.group("item")]
            else:
                names = re.split(";" if ";" in text else ",", text)
            for raw in names:
                name = _checked(path, number, part.heading, fields.name, _name(raw))
                found.setdefault(name.casefold(), name)
    return tuple(name for key, name in found.items() if key)


def _name(raw: str) -> str:
    name = _plain(raw).strip().strip("`\"'[]").removeprefix("#").strip()
    name = "" if _BARE_BULLET.fullmatch(name) else name
    return name.removesuffix(".") if name.count(".") == 1 else name


def _code(sections: list[Section]) -> tuple[str, ...]:
    """Code as it is written: nothing in it is taken for Markdown but the fences around it."""
    items = []
    for part in sections:
        for _, text in part.lines:
            bullet = _BULLET.fullmatch(text)
            line = fields.one_line(bullet.group("item") if bullet else text)
            whole = re.fullmatch(r"(`+)([^`]+)\1", line)
            line = whole.group(2).strip() if whole else line
            if line and not line.startswith("```") and not _BARE_BULLET.fullmatch(line):
                items.append(line)
    return tuple(items)
