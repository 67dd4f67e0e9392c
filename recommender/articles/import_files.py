"""Walks the files given to an import and yields every article in them, already split.

Dispatches by suffix: ``.txt`` and ``.md`` are briefs, ``.jsonl`` and ``.json`` lists of articles,
``.xml``, ``.rss`` and ``.atom`` feeds, ``.zip`` any of these. Whatever cannot be
read is yielded as ``Rejected``, and the rest goes on. Folders are walked in the order of their
names; files of other kinds in them are passed over.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from recommender.articles import archives, briefs, documents, feeds, jsonl, recognition, splitting
from recommender.articles.values import ArticleDraft, ParsedArticle
from recommender.errors import InputError, Rejected
from recommender.safety import folders

ARCHIVE = ".zip"
SUFFIXES = (*documents.PARSERS, ARCHIVE)
"""Kinds of files that are read."""
_NOT_BRIEFS = frozenset({"readme", "license", "licence", "changelog", "contributing", "notice"})
"""Stems of files that explain a folder and are no part of its content."""


def drafts(paths: Sequence[Path], now: datetime) -> Iterator[ParsedArticle | Rejected]:
    """Every article under ``paths``, split into its stories, or why it could not be read.

    An id that came before, in whichever file, is rejected; ``now`` bounds publication dates.
    """
    first: dict[str, ParsedArticle] = {}
    for path in _files(paths):
        if isinstance(path, Rejected):
            yield path
            continue
        for found in _read(path, now):
            yield _taken(found, first) if isinstance(found, ParsedArticle) else found


def _taken(found: ParsedArticle, first: dict[str, ParsedArticle]) -> ParsedArticle | Rejected:
    key = found.draft.key
    before = first.get(key)
    if before is not None:
        one = before.draft
        other = found.under_other_key(one.title, one.url, one.summary)
        if other is not None:
            return _taken(other, first)
        why = f"the id {key!r} is used before, in {before.file}:{before.line}"
        return Rejected(found.file, found.line, why)
    first[key] = _identity(found)
    return _split(found)


def _identity(found: ParsedArticle) -> ParsedArticle:
    """As much of it as tells it from another, whose texts are not kept."""
    draft = found.draft
    brief = ArticleDraft(key=draft.key, title=draft.title, summary=draft.summary, url=draft.url)
    return ParsedArticle(brief, found.file, found.line)


def feed(data: bytes, file: str, now: datetime, charset: str = "") -> feeds.Feed:
    """A feed with every article in it split; InputError when ``data`` is none. ``charset`` is what
    its server said of it."""
    read = feeds.parse(data, file=file, now=now, charset=charset)
    entries = (
        _split(found) if isinstance(found, ParsedArticle) else found for found in read.entries
    )
    return replace(read, entries=tuple(entries))


def _split(found: ParsedArticle) -> ParsedArticle:
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
        elif (
            path.suffix.lower() in {*documents.PARSERS, ARCHIVE}
            and path.stem.lower() not in _NOT_BRIEFS
        ):
            out = folders.leads_out(path, whole)
            yield Rejected(str(path), None, folders.LEADS_OUT) if out else path


def _read(path: Path, now: datetime) -> Iterator[ParsedArticle | Rejected]:
    suffix = path.suffix.lower()
    if not path.exists():
        yield Rejected(str(path), None, "no such file or folder")
    elif not path.is_file():
        yield Rejected(str(path), None, "is not a regular file")
    else:
        try:
            if suffix == ".jsonl":
                yield from jsonl.read(path, now)
            elif suffix == ARCHIVE:
                yield from _archive(path, now)
            elif suffix in documents.PARSERS:
                largest = documents.LARGEST.get(suffix, briefs.MAX_FILE)
                yield from documents.parse(_bytes(path, largest), path, now)
            else:
                what = recognition.hint(_bytes(path, 4_000), path)
                yield Rejected(str(path), None, f"not a kind of file that is read: {what}")
        except InputError as error:
            yield Rejected(error.path, error.line, error.why)


def _archive(path: Path, now: datetime) -> Iterator[ParsedArticle | Rejected]:
    for entry in archives.entries(path, frozenset(documents.PARSERS)):
        if isinstance(entry, Rejected):
            yield entry
        elif entry.path.stem.lower() not in _NOT_BRIEFS:
            try:
                yield from documents.parse(entry.data, entry.path, now)
            except InputError as error:
                yield Rejected(error.path, error.line, error.why)


def _bytes(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as handle:
            return handle.read(limit + 1)
    except OSError as error:
        raise InputError(path, None, f"cannot be opened: {error.strerror or error}") from error
