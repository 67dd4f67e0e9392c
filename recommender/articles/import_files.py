"""Walks the files given to an import and yields every article in them, already split.

Dispatches by suffix: ``.txt`` and ``.md`` are briefs, ``.jsonl`` and ``.json`` lists of articles,
``.xml``, ``.rss`` and ``.atom`` feeds. Whatever cannot be read is yielded as ``Rejected``, and the
rest goes on. Folders are walked in the order of their names; files of other kinds in them are
passed over.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from recommender.articles import briefs, feed_documents, feeds, fields, jsonl, splitting
from recommender.articles.values import ArticleDraft, Found
from recommender.errors import InputError, LeftOut, LimitError, Rejected, UnpublishedError
from recommender.safety import folders
from recommender.safety.isolation import Isolation, Limits

Reader = Callable[[Path, datetime], Iterator[Found | Rejected]]

READING = Limits(cpu_seconds=60.0, seconds=180.0)
"""What reading one feed in a file may take; it may be larger than one that is fetched."""
_NOT_BRIEFS = frozenset({"readme", "license", "licence", "changelog", "contributing", "notice"})
"""Stems of files that explain a folder and are no part of its content."""


def drafts(paths: Sequence[Path], now: datetime) -> Iterator[Found | Rejected]:
    """Every article under ``paths``, split into its stories, or why it could not be read.

    An id that came before, in whichever file, is rejected; ``now`` bounds publication dates.
    """
    first: dict[str, Found] = {}
    for path in _files(paths):
        if isinstance(path, Rejected):
            yield path
            continue
        for found in _read(path, now):
            yield _taken(found, first) if isinstance(found, Found) else found


def _taken(found: Found, first: dict[str, Found]) -> Found | Rejected:
    key = found.draft.key
    before = first.get(key)
    if before is not None:
        one = before.draft
        other = found.beside(one.title, one.url, one.summary)
        if other is not None:
            return _taken(other, first)
        why = f"the id {key!r} is used before, in {before.file}:{before.line}"
        return Rejected(found.file, found.line, why)
    first[key] = _identity(found)
    return _split(found)


def _identity(found: Found) -> Found:
    """As much of it as tells it from another, whose texts are not kept."""
    draft = found.draft
    brief = ArticleDraft(key=draft.key, title=draft.title, summary=draft.summary, url=draft.url)
    return Found(brief, found.file, found.line)


def feed(data: bytes, file: str, now: datetime, charset: str = "") -> feeds.Feed:
    """A feed with every article in it split; InputError when ``data`` is none. ``charset`` is what
    its server said of it."""
    read = feeds.parse(data, file=file, now=now, charset=charset)
    entries = (_split(found) if isinstance(found, Found) else found for found in read.entries)
    return replace(read, entries=tuple(entries))


def _split(found: Found) -> Found:
    found = found.limited()
    return replace(found, draft=replace(found.draft, stories=splitting.split(found.draft)))


def _files(paths: Sequence[Path]) -> Iterator[Path | Rejected]:
    """The files to read, each once, in order; a named one of another kind is rejected."""
    seen: set[str] = set()
    for path in paths:
        for file in [path] if not path.is_dir() else _walked(path, path):
            if isinstance(file, Path):
                real = os.path.realpath(file)  # which a loop of links does not stop
                if real in seen:
                    continue
                seen.add(real)
            yield file


def _walked(folder: Path, whole: Path) -> Iterator[Path | Rejected]:
    """What is in ``folder``, a part of ``whole``, out of which no link is followed."""
    try:
        names = sorted(folder.iterdir(), key=lambda path: path.name)
    except OSError as error:
        yield Rejected(str(folder), None, f"cannot be opened: {error.strerror or error}")
        return
    for path in names:
        if path.name.startswith("."):
            continue
        if path.is_dir():
            if not path.is_symlink():
                yield from _walked(path, whole)
            elif folders.leads_out(path, whole):
                yield Rejected(str(path), None, folders.LEADS_OUT)
        elif path.suffix.lower() in READERS and path.stem.lower() not in _NOT_BRIEFS:
            out = folders.leads_out(path, whole)
            yield Rejected(str(path), None, folders.LEADS_OUT) if out else path


def _read(path: Path, now: datetime) -> Iterator[Found | Rejected]:
    reader = READERS.get(path.suffix.lower())
    if not path.exists():
        yield Rejected(str(path), None, "no such file or folder")
    elif reader is None:
        known = " ".join(READERS)
        yield Rejected(str(path), None, f"not a kind of file that is read; expected {known}")
    elif not path.is_file():
        yield Rejected(str(path), None, "is not a regular file")
    else:
        try:
            yield from reader(path, now)
        except InputError as error:
            yield Rejected(error.path, error.line, error.why)


def _brief(path: Path, now: datetime) -> Iterator[Found | Rejected]:
    try:
        yield Found(briefs.read(path, now), str(path), 1)
    except UnpublishedError as error:
        yield LeftOut(error.path, error.line, error.why, key=fields.slug(path.stem))


def _feed(path: Path, now: datetime) -> Iterator[Found | Rejected]:
    data = _bytes(path, feeds.MAX_FEED)
    yield from _feed_apart(data, path, now)


def _feed_apart(data: bytes, path: Path, now: datetime) -> tuple[Found | Rejected, ...]:
    """The entries of a feed that strangers wrote, read in a process apart."""
    try:
        with Isolation(READING) as isolation:
            return isolation.run(feeds.parse, data, file=str(path), now=now).entries
    except LimitError as error:
        raise InputError(path, None, f"reading it {error}") from error


def _json(path: Path, now: datetime) -> Iterator[Found | Rejected]:
    data = _bytes(path, jsonl.MAX_FILE)
    if feed_documents.JSON_FEED.encode() in data[:4096].replace(b"\\/", b"/") and _is_feed(data):
        yield from _feed_apart(data, path, now)
    else:
        yield from jsonl.parse_document(data, path, now)


def _is_feed(data: bytes) -> bool:
    try:
        return feed_documents.is_json_feed(json.loads(data))
    except (ValueError, RecursionError):
        return False


def _bytes(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as handle:
            return handle.read(limit + 1)
    except OSError as error:
        raise InputError(path, None, f"cannot be opened: {error.strerror or error}") from error


READERS: Mapping[str, Reader] = {
    ".txt": _brief,
    ".md": _brief,
    ".markdown": _brief,
    ".jsonl": jsonl.read,
    ".json": _json,
    ".xml": _feed,
    ".rss": _feed,
    ".atom": _feed,
}
"""How each kind of file is read, by its suffix."""
