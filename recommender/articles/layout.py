"""How a brief is laid out: which line is the title, a heading, a label, an attribution or text.

Takes numbered lines and returns them sorted by section, as they stand; what a section's lines mean
is left to ``briefs``. Never drops a line with a word in it, but for the lists of related articles,
which are about other articles.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

Line = tuple[int, str]
"""A line and its 1-based number."""

SECTIONS = {
    "summary": "summary",
    "abstract": "summary",
    "overview": "summary",
    "tl;dr": "summary",
    "key takeaway": "takeaway",
    "key takeaways": "takeaway",
    "takeaway": "takeaway",
    "takeaways": "takeaway",
    "key insight": "insights",
    "key insights": "insights",
    "insights": "insights",
    "principle": "principles",
    "principles": "principles",
    "key principles": "principles",
    "in practice": "practice",
    "practice": "practice",
    "topic": "topics",
    "topics": "topics",
    "tags": "topics",
    "keywords": "topics",
    "code reference": "code_references",
    "code references": "code_references",
    "best for": "roles",
    "roles": "roles",
    "audience": "roles",
    "related": "related",
}
LABELS = {
    "published": "published_at",
    "published at": "published_at",
    "published on": "published_at",
    "published_at": "published_at",
    "date": "published_at",
    "url": "url",
    "link": "url",
    "source": "source",
    "curator": "curator",
    "language": "language",
    "must read": "must_read",
    "must-read": "must_read",
    "must_read": "must_read",
}
_IN_TEXT = {"published", "published at", "published on", "url", "source", "language", "must read"}
"""The labels that are believed below the first heading, where other words may be prose."""

_MATTER = {"title": 0, "author": 1, "description": 2}
_MATTER |= dict.fromkeys(LABELS, 1) | dict.fromkeys(SECTIONS, 2)
"""Keys of front matter that are read, and when: labels are believed above the first section."""

_MARKDOWN = re.compile(r"#{1,6}\s+(?P<heading>.+?)(?:\s+#+)?")
_BOLD = re.compile(r"(\*\*|__)(?P<heading>[^*_]+?)\1\s*(?P<colon>:?)\s*(?P<rest>.*)")
_LABELLED = re.compile(r"(?P<heading>[A-Za-z][A-Za-z;_ -]{1,30}?)\s*:\s*(?P<rest>.*)")
_RELATED = re.compile(
    r"related(?: (?:on|from|in|at|to this|articles?|briefs?|stories|reading|links|posts|content)\b"
    r"[^.:]{0,60})?:?",
    re.IGNORECASE,
)
_LONGEST_HEADING = 1200
"""Characters; a longer line is text, unless a heading stands before it with a colon."""
_RULE = re.compile(r"[-=_*~\s]{3,}")
_CURATOR = re.compile(
    r"(?:editorial summary\b.{0,80}?|curat(?:ed|ion)\s+)\bby\s+(?P<who>.+?)"
    r"\.?(?=\s+original(?:ly)?\b|\s*$)",
    re.IGNORECASE,
)
_PUBLISHER = re.compile(
    r"\boriginal(?:ly)?(?: article)? published (?:by|in)\s+(?P<who>.+?)\.?\s*$", re.IGNORECASE
)
_ATTRIBUTION = re.compile(
    r"(?:editorial summary\b.*\bby|curated by|curation by"
    r"|original(?:ly)?(?: article)? published (?:by|in))\s",
    re.IGNORECASE,
)


@dataclass
class Section:
    """The lines under one heading; ``kind`` is a field of the article, ``opening`` for text before
    any heading, ``related``, or ``other`` for a heading nobody knows."""

    kind: str
    heading: str
    line: int
    lines: list[Line] = field(default_factory=list)


@dataclass
class Layout:
    """A brief taken apart; ``labels`` and ``attribution`` map fields to the lines they stand in."""

    title: Line | None = None
    sections: list[Section] = field(default_factory=list)
    labels: dict[str, Line] = field(default_factory=dict)
    attribution: dict[str, Line] = field(default_factory=dict)


def lay_out(lines: Iterable[Line]) -> Layout:
    """Sort the lines of a brief. ``title`` stays None when the brief does not start with one."""
    layout = Layout()
    matter, rest = _front_matter(list(lines))
    for number, text in matter:
        _add(layout, number, text)
    if layout.title is not None:
        layout.sections.append(Section("opening", "", layout.title[0]))
    for number, text in rest:
        _add(layout, number, text)
    return layout


def _add(layout: Layout, number: int, text: str) -> None:
    line = text.strip()
    if not line or _RULE.fullmatch(line):
        if layout.sections:
            layout.sections[-1].lines.append((number, ""))
    elif layout.title is None and not layout.sections:
        _open(layout, number, line)
    else:
        _place(layout, number, text)


def _open(layout: Layout, number: int, line: str) -> None:
    if _attributed(layout, number, line) or _labelled(layout, number, line):
        return
    kind, heading, rest = _heading(line)
    if kind in {None, "other"}:
        layout.title = (number, _title_text(heading if kind == "other" else line))
        layout.sections.append(Section("opening", "", number))
    else:
        _start(layout, number, str(kind), heading, rest)


def _title_text(line: str) -> str:
    bare = re.sub(r"^title\s*:\s*(?=\S)", "", line, flags=re.IGNORECASE)
    bold = re.fullmatch(r"(\*\*|__)(.+)\1", bare)
    return bold.group(2) if bold else bare


def _place(layout: Layout, number: int, text: str) -> None:
    line = text.strip()
    if _attributed(layout, number, line):
        layout.sections.append(Section("other", "", number))
        return
    if _labelled(layout, number, line):
        return
    kind, heading, rest = _heading(line)
    if kind is None:
        layout.sections[-1].lines.append((number, text))
    else:
        _start(layout, number, kind, heading, rest)


def _start(layout: Layout, number: int, kind: str, heading: str, rest: str) -> None:
    section = Section(kind, heading, number)
    if rest:
        section.lines.append((number, rest))
    layout.sections.append(section)


def _heading(line: str) -> tuple[str | None, str, str]:
    """The kind of section a line opens (None when it is text), its words, and text beside them."""
    if len(line) > _LONGEST_HEADING:
        return _inline(line)
    marked = _MARKDOWN.fullmatch(line)
    inner = marked.group("heading").strip() if marked else line
    bold = _BOLD.fullmatch(inner)
    if bold:
        heading, rest = bold.group("heading").strip(), bold.group("rest")
        if _kind(heading) and (not rest or bold.group("colon") or heading.endswith(":")):
            return _kind(heading), heading.rstrip(": "), rest
        if not rest:
            return "other", heading.rstrip(": "), ""
    if _kind(inner):
        return _kind(inner), inner.rstrip(": "), ""
    kind, heading, rest = _inline(inner)
    return ("other", inner, "") if marked and kind is None else (kind, heading, rest)


def _inline(line: str) -> tuple[str | None, str, str]:
    """The same for a heading with its text on the same line: ``Best for: CTO, Investor``."""
    labelled = _LABELLED.fullmatch(line)
    if labelled and _kind(labelled.group("heading")):
        return _kind(labelled.group("heading")), labelled.group("heading"), labelled.group("rest")
    return None, "", ""


def _kind(heading: str) -> str | None:
    words = " ".join(heading.rstrip(": ").casefold().split())
    if words in SECTIONS:
        return SECTIONS[words]
    return "related" if _RELATED.fullmatch(words) else None


def _labelled(layout: Layout, number: int, line: str) -> bool:
    """Whether the line is a label such as ``URL: …``; the first of a kind is kept."""
    found = _LABELLED.fullmatch(line.replace("**", ""))
    if not found or not found.group("rest").strip():
        return False
    label = " ".join(found.group("heading").casefold().split())
    near_top = not layout.sections or layout.sections[-1].kind == "opening"
    target = LABELS.get(label)
    if target is None or target in layout.labels or not (near_top or label in _IN_TEXT):
        return False
    layout.labels[target] = (number, found.group("rest").strip())
    return True


def _attributed(layout: Layout, number: int, line: str) -> bool:
    bare = line.strip("*_ ")
    if len(bare) > _LONGEST_HEADING or not _ATTRIBUTION.match(bare):
        return False
    bare = " ".join(bare.split())
    for target, pattern in (("curator", _CURATOR), ("source", _PUBLISHER)):
        found = pattern.search(bare)
        if found:
            layout.attribution.setdefault(target, (number, found.group("who").strip()))
    return True


def _front_matter(lines: list[Line]) -> tuple[list[Line], list[Line]]:
    """The ``key: value`` lines between ``---`` marks that static sites put above Markdown, as lines
    of a brief with the title first, and the rest. Keys nobody knows are the site's own business."""
    start = next((index for index, (_, text) in enumerate(lines) if text.strip()), len(lines))
    if start == len(lines) or lines[start][1].strip() != "---":
        return [], lines
    end = next((i for i in range(start + 1, len(lines)) if lines[i][1].strip() == "---"), None)
    matter = lines[start + 1 : end]
    if end is None or not all(_LABELLED.fullmatch(t.strip()) or _is_item(t) for _, t in matter):
        return [], lines
    groups: list[list[Line]] = []
    for number, text in matter:
        if not groups or not _is_item(text):
            groups.append([])
        groups[-1].append((number, text))
    groups = [group for group in groups if _matter_key(group) in _MATTER]
    groups.sort(key=lambda group: _MATTER[_matter_key(group)])
    return [_unquoted(line) for group in groups for line in group], lines[end + 1 :]


def _is_item(text: str) -> bool:
    return not text.strip() or bool(re.match(r"\s*-\s|\s+\S", text))


def _matter_key(group: list[Line]) -> str:
    return group[0][1].partition(":")[0].strip().casefold()


def _unquoted(line: Line) -> Line:
    number, text = line
    key, colon, value = text.partition(":")
    value = value.strip()
    if value[:1] == "[" and value[-1:] == "]":
        value = value[1:-1].replace('"', "").replace("'", "")
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    key = {"description": "summary", "author": "curator"}.get(key.strip().casefold(), key)
    return number, f"{key}{colon} {value}".rstrip()
