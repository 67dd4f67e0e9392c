"""Reads one document of articles from its bytes, by the suffix of its name.

What strangers wrote, feeds and exports of services, is read in a process apart.
"""

import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from recommender.articles import (
    briefs,
    exports,
    feed_documents,
    feeds,
    fields,
    front_matter,
    jsonl,
    recognition,
)
from recommender.articles.values import ParsedArticle
from recommender.errors import InputError, LeftOut, LimitError, Rejected, UnpublishedError
from recommender.safety.isolation import Isolation, Limits

Parser = Callable[[bytes, Path, datetime], Iterator[ParsedArticle | Rejected]]

READING = Limits(cpu_seconds=60.0, seconds=180.0)
"""What reading one feed in a file may take; it may be larger than one that is fetched."""
MAX_EXPORT = 100_000_000
"""Bytes of a service's export, which has to be decoded whole."""
READING_EXPORT = replace(READING, memory=1536 * 1024 * 1024)
_INDEX = frozenset({"index", "_index"})
"""Stems of files that are named after their folder, as static sites do."""


def parse(data: bytes, path: Path, now: datetime) -> Iterator[ParsedArticle | Rejected]:
    """The articles of a document; InputError when it is none of its kind."""
    yield from PARSERS[path.suffix.lower()](data, path, now)


def _brief(data: bytes, path: Path, now: datetime) -> Iterator[ParsedArticle | Rejected]:
    key = fields.slug(path.parent.name if path.stem.lower() in _INDEX else path.stem)
    try:
        text = briefs.decode(data, path)
        draft = briefs.parse(text, path=path, key=key, now=now)
    except UnpublishedError as error:
        yield LeftOut(error.path, error.line, error.why, key=key)
        return
    if draft.published_at is None:  # Jekyll dates a post by the name of its file
        dated = re.match(r"\d{4}-\d{2}-\d{2}(?=-)", path.stem)
        when = _dated(dated.group(), now) if dated else None
        draft = replace(draft, published_at=when)
    problem = front_matter.problem(text)
    warnings = (
        (f"front matter, line {problem[0]}: {problem[1]}; read line by line instead",)
        if problem
        else ()
    )
    yield ParsedArticle(draft, str(path), 1, warnings)


def _dated(day: str, now: datetime) -> datetime | None:
    try:
        return fields.moment(day, now)
    except ValueError:
        return None


def _feed(data: bytes, path: Path, now: datetime) -> Iterator[ParsedArticle | Rejected]:
    try:
        with Isolation(READING) as isolation:
            yield from isolation.run(feeds.parse, data, file=str(path), now=now).entries
    except InputError as error:
        what = recognition.hint(data, path)
        raise InputError(path, error.line, f"{error.why}; it seems to be {what}") from error
    except LimitError as error:
        raise InputError(path, None, f"reading it {error}") from error


def _json(data: bytes, path: Path, now: datetime) -> Iterator[ParsedArticle | Rejected]:
    if feed_documents.JSON_FEED.encode() in data[:4096].replace(b"\\/", b"/") and _is_feed(data):
        yield from _feed(data, path, now)
        return
    exported = _exported(data, path, now)
    if exported is None:
        yield from jsonl.parse_document(data, path, now)
    else:
        yield from exported


def _is_feed(data: bytes) -> bool:
    try:
        return feed_documents.is_json_feed(json.loads(data))
    except (ValueError, RecursionError):
        return False


def _exported(
    data: bytes, path: Path, now: datetime
) -> tuple[ParsedArticle | Rejected, ...] | None:
    if b'"posts"' not in data and b'"rendered"' not in data[:100_000]:
        return None
    if len(data) > MAX_EXPORT:
        raise InputError(path, None, f"is larger than {MAX_EXPORT // 1_000_000} MB; export less")
    try:
        with Isolation(READING_EXPORT) as isolation:
            return isolation.run(exports.read, data, file=str(path), now=now)
    except LimitError as error:
        raise InputError(path, None, f"reading it {error}") from error


def _lines(data: bytes, path: Path, now: datetime) -> Iterator[ParsedArticle | Rejected]:
    yield from jsonl.read_from(io.BytesIO(data), path, now)


PARSERS: Mapping[str, Parser] = {
    ".txt": _brief,
    ".md": _brief,
    ".markdown": _brief,
    ".jsonl": _lines,
    ".json": _json,
    ".xml": _feed,
    ".rss": _feed,
    ".atom": _feed,
}
"""How each kind of document is read, by its suffix."""
LARGEST: Mapping[str, int] = {
    ".json": jsonl.MAX_FILE,
    ".xml": feeds.MAX_FEED,
    ".rss": feeds.MAX_FEED,
    ".atom": feeds.MAX_FEED,
}
"""Bytes that are read of a file; of one more is said that it is too large. Others: briefs."""
