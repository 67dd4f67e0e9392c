"""How a brief is laid out: which line is the title, a heading, a label, an attribution or text.

Takes numbered lines and returns them sorted by section, as they stand; what a section's lines mean
is left to ``briefs``. Never drops a line with a word in it, but for the lists of related articles,
which are about other articles.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from recommender.articles import front_matter
from recommender.articles.front_matter import FrontMatter

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
} | {
    heading.strip(): kind
    for kind, headings in {
        "summary": "zusammenfassung, kurzfassung, überblick, résumé, synthèse, aperçu, en bref",
        "takeaway": "wichtigste erkenntnis, kernaussage, kernaussagen, fazit, das wichtigste"
        ", à retenir, point clé, l'essentiel, l’essentiel",
        "insights": "erkenntnisse, wichtige erkenntnisse, wichtigste erkenntnisse, einsichten"
        ", points clés, idées clés, enseignements",
        "principles": "prinzipien, grundsätze, principes",
        "practice": "in der praxis, praxis, en pratique, dans la pratique",
        "topics": "themen, thema, schlagwörter, schlagworte, stichwörter, sujets, thèmes, mots-clés"
        ", mots clés, étiquettes",
        "code_references": "code-referenzen, codeverweise, code-verweise, références de code",
        "roles": "geeignet für, am besten für, für wen, zielgruppe, rollen, idéal pour, pour qui"
        ", rôles",
        "related": "verwandtes, verwandte artikel, weiterlesen, articles liés, à lire aussi",
    }.items()
    for heading in headings.split(",")
}
"""Headings in English, German and French, folded."""
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
    "veröffentlicht": "published_at",
    "veröffentlicht am": "published_at",
    "datum": "published_at",
    "publié le": "published_at",
    "date de publication": "published_at",
    "quelle": "source",
    "sprache": "language",
    "langue": "language",
    "lien": "url",
}
_IN_TEXT = {"published", "published at", "published on", "url", "source", "language", "must read"}
_IN_TEXT |= {"veröffentlicht am", "quelle", "sprache", "publié le", "date de publication", "langue"}
"""The labels that are believed below the first heading, where other words may be prose."""

_MARKDOWN = re.compile(r"#{1,6}\s+(?P<heading>.+?)(?:\s+#+)?")
_BOLD = re.compile(r"(\*\*|__)(?P<heading>[^*_]+?)\1\s*(?P<colon>:?)\s*(?P<rest>.*)")
_LABELLED = re.compile(r"(?P<heading>[^\W\d_](?:[^\W\d]|[;_ '’-]){1,30}?)\s*:\s*(?P<rest>.*)")
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
    """A brief taken apart; ``labels`` and ``attribution`` map fields to the lines they stand in.
    ``unpublished`` says why it is not for readers yet, else ''."""

    title: Line | None = None
    sections: list[Section] = field(default_factory=list)
    labels: dict[str, Line] = field(default_factory=dict)
    attribution: dict[str, Line] = field(default_factory=dict)
    unpublished: str = ""


def lay_out(lines: Iterable[Line]) -> Layout:
    """Sort the lines of a brief. ``title`` stays None when the brief does not start with one."""
    layout = Layout()
    matter, rest = front_matter.split(list(lines))
    if matter is not None:
        _begin(layout, matter)
    for number, text in rest:
        if matter is None or not _repeats(layout, matter, text):
            _add(layout, number, text)
    return layout


def _begin(layout: Layout, matter: FrontMatter) -> None:
    layout.unpublished = matter.unpublished
    layout.labels = {target: (matter.line, text) for target, text in matter.labels.items()}
    for kind, heading, texts in matter.sections:
        lines = [(matter.line, text) for text in texts]
        layout.sections.append(Section(kind, heading, matter.line, lines))
    if matter.title:
        layout.title = (matter.line, matter.title)
        layout.sections.append(Section("opening", "", matter.line))


def _repeats(layout: Layout, matter: FrontMatter, text: str) -> bool:
    """Whether a line says the title once more, as the first heading of Markdown does."""
    first = layout.sections[-1:] and not any(line.strip() for _, line in layout.sections[-1].lines)
    return bool(first and matter.title and text.strip().lstrip("# ").strip() == matter.title)


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
