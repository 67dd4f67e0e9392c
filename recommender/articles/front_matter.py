"""Reads the front matter of Markdown: YAML between ``---`` or TOML between ``+++``, as static sites
write it. Every scalar is text; what a key means is decided here, keys of the site's own are left
aside. YAML that is none is read key by key, as far as it goes.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import yaml

from recommender.articles import feed_fields

Line = tuple[int, str]
MAX_MATTER = 64_000
"""Characters of front matter; more is none."""
MAX_LIST = 500
"""Items of a list that are looked at."""
MAX_DEPTH = 20
"""Levels of brackets; deeper front matter is none."""

LABELS = {
    "date": "published_at", "published at": "published_at", "published on": "published_at",
    "publishdate": "published_at", "publish date": "published_at", "pubdate": "published_at",
    "published": "published_at", "publication date": "published_at", "datum": "published_at",
    "url": "url", "link": "url", "canonical": "url", "canonical url": "url", "canonicalurl": "url",
    "external url": "url", "original url": "url", "permalink": "url",
    "source": "source", "publisher": "source", "publication": "source",
    "author": "curator", "authors": "curator", "curator": "curator", "by": "curator",
    "language": "language", "lang": "language", "locale": "language",
    "must read": "must_read", "must-read": "must_read",
}  # fmt: skip
TEXTS = {
    "summary": "summary", "description": "summary", "excerpt": "summary", "abstract": "summary",
    "tl;dr": "summary", "tldr": "summary", "takeaway": "takeaway", "key takeaway": "takeaway",
}  # fmt: skip
LISTS = {
    "insights": "insights", "key insights": "insights", "principles": "principles",
    "practice": "practice", "in practice": "practice",
    "code references": "code_references",
}  # fmt: skip
NAMES = {
    "topics": "topics", "topic": "topics", "tags": "topics", "tag": "topics",
    "categories": "topics", "category": "topics", "keywords": "topics",
    "roles": "roles", "best for": "roles", "audience": "roles",
}  # fmt: skip
_NESTED = frozenset({"taxonomies", "taxonomy", "extra", "params"})
"""Keys under which sites keep keys of the same kinds."""
_COLON = "mapping values are not allowed here"
"""What PyYAML says of a colon within a text."""
_UNPUBLISHED = frozenset({"draft", "private", "pending", "scheduled", "future", "unpublished"})
_NO = frozenset({"false", "no", "off", "0"})
_YES = frozenset({"true", "yes", "on", "1"})


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """``labels`` and ``sections`` as ``layout`` has them, all on the line where the matter begins;
    ``unpublished`` says why the text is not for readers yet, else ''."""

    line: int
    title: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    sections: Sequence[tuple[str, str, Sequence[str]]] = ()
    unpublished: str = ""


def split(lines: Sequence[Line]) -> tuple[FrontMatter | None, Sequence[Line]]:
    """The front matter, None when there is none, and the lines below it."""
    start = next((index for index, (_, text) in enumerate(lines) if text.strip()), len(lines))
    if start == len(lines) or lines[start][1].strip() not in {"---", "+++"}:
        return None, lines
    mark = lines[start][1].strip()
    ends = {mark, "..."} if mark == "---" else {mark}
    end = next((i for i in range(start + 1, len(lines)) if lines[i][1].rstrip() in ends), None)
    if end is None:
        return None, lines
    text = "\n".join(line for _, line in lines[start + 1 : end])
    values = _values(text, toml=mark == "+++")
    if values is None:
        return None, lines
    return _matter(lines[start][0], values), lines[end + 1 :]


def problem(text: str) -> tuple[int, str] | None:
    """The line (1-based) and the reason where front matter in YAML is none and was read key by key;
    None where nothing is wrong with it, or only a colon in a text, which people mean as they write
    it."""
    lines = list(enumerate(text.splitlines(), start=1))
    start = next((number for number, line in lines if line.strip()), 0)
    if not start or lines[start - 1][1].strip() != "---" or split(lines)[0] is None:
        return None
    end = next(n for n, line in lines[start:] if line.rstrip() in {"---", "..."})
    try:
        _yaml("\n".join(line for _, line in lines[start : end - 1]))
    except yaml.MarkedYAMLError as error:
        if error.problem == _COLON:
            return None
        mark = error.problem_mark
        return start + 1 + (mark.line if mark else 0), str(error.problem or "not YAML")
    except (yaml.YAMLError, ValueError, RecursionError):
        return start, "not YAML"
    return None


def _values(text: str, *, toml: bool) -> Mapping[str, object] | None:
    if len(text) > MAX_MATTER or _depth(text) > MAX_DEPTH:
        return None
    if not text.strip():
        return {}
    try:
        values = tomllib.loads(text) if toml else _yaml(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        values = None if toml else _piecewise(text)
    return values if isinstance(values, dict) else None


def _depth(text: str) -> int:
    """Brackets open at once, whatever they are for."""
    deepest = level = 0
    for letter in re.findall(r"[\[{\]}]", text):
        level += 1 if letter in "[{" else -1
        deepest = max(deepest, level)
    return deepest


def _yaml(text: str) -> object:
    # BaseLoader makes lists, mappings and text, nothing else; `no` stays a word.
    return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506


def _piecewise(text: str) -> dict[str, object] | None:
    """Key by key: a value that is no YAML, as a title with a colon, is the text it is."""
    blocks: list[list[str]] = []
    for line in text.split("\n"):
        if re.match(r"[^\W\d_][\w .-]{0,40}:(\s|$)", line):
            blocks.append([line])
        elif blocks and (not line.strip() or line[:1] in " \t-#"):
            blocks[-1].append(line)
        elif line.strip():
            return None
    found: dict[str, object] = {}
    for block in blocks:
        key, _, rest = block[0].partition(":")
        try:
            value = _yaml("\n".join(block))
            found[key] = value[key] if isinstance(value, dict) else rest.strip()
        except (yaml.YAMLError, ValueError, RecursionError, KeyError):
            found[key] = rest.strip().strip("\"'")
    return found


def _matter(line: int, values: Mapping[str, object]) -> FrontMatter:
    labels: dict[str, str] = {}
    sections: list[tuple[str, str, Sequence[str]]] = []
    title, unpublished = "", ""
    for key, value in _pairs(values):
        word = " ".join(key.casefold().replace("_", " ").split())
        unpublished = unpublished or _not_yet(word, key, value)
        if word == "title":
            title = " ".join(_text(value).split())
        elif word in LABELS:
            label = _label(LABELS[word], value)
            if label:
                labels.setdefault(LABELS[word], label)
        elif word in TEXTS:
            sections.append((TEXTS[word], key, _text(value).split("\n")))
        elif word in LISTS:
            sections.append((LISTS[word], key, [f"- {item}" for item in _items(value)]))
        elif word in NAMES:
            sections.append((NAMES[word], key, [f"- {name}" for name in _names(value)]))
    return FrontMatter(line, title, labels, _told_once(sections), unpublished)


def _told_once(
    sections: list[tuple[str, str, Sequence[str]]],
) -> list[tuple[str, str, Sequence[str]]]:
    """Of a summary and a description the first with a word in it."""
    summaries = [one for one in sections if one[0] == "summary" and any(one[2])]
    return [one for one in sections if one[0] != "summary"] + summaries[:1]


def _pairs(values: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for key, value in list(values.items())[:MAX_LIST]:
        if isinstance(value, dict) and str(key).casefold() in _NESTED:
            yield from ((str(inner), one) for inner, one in list(value.items())[:MAX_LIST])
        else:
            yield str(key), value


def _not_yet(word: str, key: str, value: object) -> str:
    said = _text(value).strip().casefold()
    draft = word == "draft" and said in _YES
    unpublished = word in {"published", "publish"} and said in _NO
    status = word == "status" and said in _UNPUBLISHED
    return f"not published yet ({key}: {said})" if draft or unpublished or status else ""


def _label(target: str, value: object) -> str:
    """'' for what is none: a site's own path, a yes or no where a date should be."""
    text = " ".join(", ".join(_items(value)).split())
    match target:
        case "url":
            return text if text.startswith(("http://", "https://")) else ""
        case "language":
            return feed_fields.language(text) or ""
        case "published_at":
            return "" if text.casefold() in _NO | _YES else text
        case _:
            return text


def _items(value: object) -> list[str]:
    """The texts of a value; of a mapping, as of an author, the name alone."""
    if isinstance(value, dict):
        value = next((value[key] for key in ("name", "title") if key in value), "")
    if isinstance(value, list):
        return [item for one in value[:MAX_LIST] for item in _items_of(one) if item]
    return [_text(value)] if _text(value) else []


def _items_of(value: object) -> list[str]:
    if isinstance(value, dict):
        value = next((value[key] for key in ("name", "title") if key in value), "")
    return [] if isinstance(value, list) else [" ".join(_text(value).split())]


def _names(value: object) -> list[str]:
    items = _items(value)
    if isinstance(value, str):
        separator = ";" if ";" in value else ","
        items = [part.strip().strip("\"'") for item in items for part in item.split(separator)]
    return [item for item in items if item]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None or isinstance(value, (dict, list)) else str(value).strip()
