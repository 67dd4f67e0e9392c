"""Reads ``articles.jsonl`` (one object a line) and ``.json`` (a list, or ``{"articles": […]}``).

Every field is checked for its type; what is wrong is a ``Rejected`` value that names file, line
and field, and never stops the rest. Unknown fields are ignored. A line is held in memory, a
``.jsonl`` file never is.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO, Any

from recommender.articles import fields, json_fields
from recommender.articles.values import ArticleDraft, ParsedArticle, StoryDraft
from recommender.errors import Rejected
from recommender.story_text import LISTS, PROSE

MAX_LINE = 5_000_000
"""Bytes in a line of JSONL."""
MAX_FILE = 500_000_000
"""Bytes in a JSON document, which has to be read whole."""
MAX_STORIES = 200


def read(path: Path, now: datetime) -> Iterator[ParsedArticle | Rejected]:
    """The articles of a JSONL file, in its order. An id used twice is rejected the second time."""
    try:
        with path.open("rb") as handle:
            yield from read_from(handle, path, now)
    except OSError as error:
        yield Rejected(str(path), None, f"cannot be read: {error.strerror or error}")


def read_from(handle: IO[bytes], path: Path, now: datetime) -> Iterator[ParsedArticle | Rejected]:
    """The same of an open file; ``path`` names it."""
    first_line: dict[str, int] = {}
    for line, data in _lines(handle):
        found = _read_line(data, path, line, now)
        if found is not None:
            yield _unless_repeated(found, first_line)


def parse_document(data: bytes, path: Path, now: datetime) -> Iterator[ParsedArticle | Rejected]:
    """The articles of a JSON document: a list of objects, ``{"articles": […]}``, or one object."""
    first_line: dict[str, int] = {}
    if len(data) > MAX_FILE:
        yield Rejected(str(path), None, f"is larger than {MAX_FILE // 1_000_000} MB; use .jsonl")
        return
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        yield Rejected(str(path), line, f"not UTF-8 text, byte {error.start + 1}")
        return
    for line, item in _elements(text):
        if isinstance(item, _Broken):
            yield Rejected(str(path), line, item.why)
        else:
            yield _unless_repeated(_article(item, path, line, now), first_line)


def _lines(handle: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Numbered lines; None for one that is too long, which is skipped without being kept."""
    line = 0
    while data := handle.readline(MAX_LINE + 1):
        line += 1
        if len(data) <= MAX_LINE or data.endswith(b"\n"):
            yield line, data
            continue
        while rest := handle.readline(MAX_LINE):
            if rest.endswith(b"\n"):
                break
        yield line, None


def _read_line(
    data: bytes | None, path: Path, line: int, now: datetime
) -> ParsedArticle | Rejected | None:
    if data is None:
        return Rejected(str(path), line, f"a line of more than {MAX_LINE // 1_000_000} MB")
    try:
        text = data.decode("utf-8-sig" if line == 1 else "utf-8").strip()
    except UnicodeDecodeError as error:
        return Rejected(str(path), line, f"not UTF-8 text, byte {error.start + 1} of the line")
    if not text:
        return None
    item = _decoded(text)
    if isinstance(item, _Broken):
        return Rejected(str(path), line, item.why)
    return _article(item, path, line, now)


class _Broken:
    """JSON that cannot be read, and why."""

    def __init__(self, why: str) -> None:
        self.why = why


def _decoded(text: str) -> object:
    try:
        decoded: object = json.loads(text)
    except json.JSONDecodeError as error:
        return _Broken(f"not JSON: {error.msg} at column {error.colno}")
    except (ValueError, RecursionError) as error:
        return _Broken(f"not JSON: {_reason(error)}")
    return decoded


def _reason(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else "a number is too long"


def _elements(text: str) -> Iterator[tuple[int, object]]:
    """The articles of a document, each with the line it begins on; at broken JSON they end."""
    scanner = json.JSONDecoder()
    seen, line = 0, 1
    start = _start_of_list(text, scanner)
    if start is None:
        yield 1, _decoded(text)
        return
    position = _skip(text, start + 1)
    while text[position : position + 1] != "]":
        line += text.count("\n", seen, position)
        seen = position
        try:
            item, end = scanner.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            column = position - text.rfind("\n", 0, position)
            why = getattr(error, "msg", None) or _reason(error)
            yield line, _Broken(f"not JSON: {why}, in what begins at column {column}")
            return
        yield line, item
        position = _skip(text, end)
        if text[position : position + 1] == ",":
            position = _skip(text, position + 1)
        elif text[position : position + 1] != "]":
            line += text.count("\n", seen, position)
            yield line, _Broken("not JSON: expected a comma or the end of the list")
            return


def _start_of_list(text: str, scanner: json.JSONDecoder) -> int | None:
    """Where the list of articles begins; None when the document is anything else."""
    position = _skip(text, 0)
    if text[position : position + 1] == "[":
        return position
    if text[position : position + 1] != "{":
        return None
    position = _skip(text, position + 1)
    while text[position : position + 1] == '"':
        try:
            key, position = scanner.raw_decode(text, position)
            position = _skip(text, _skip(text, position) + 1)
            if key == "articles":
                return position if text[position : position + 1] == "[" else None
            _, position = scanner.raw_decode(text, position)
        except (ValueError, RecursionError):
            return None
        position = _skip(text, _skip(text, position) + 1)
    return None


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


def _unless_repeated(
    found: ParsedArticle | Rejected, first_line: dict[str, int]
) -> ParsedArticle | Rejected:
    if isinstance(found, Rejected):
        return found
    key = found.draft.key
    if key in first_line:
        why = f"id: {key!r} is used before, on line {first_line[key]}"
        return Rejected(found.file, found.line, why)
    first_line[key] = found.line
    return found


def _article(item: object, path: Path, line: int, now: datetime) -> ParsedArticle | Rejected:
    try:
        return ParsedArticle(_draft(item, now), str(path), line)
    except ValueError as error:
        return Rejected(str(path), line, str(error))


def _draft(item: object, now: datetime) -> ArticleDraft:
    """ValueError, beginning with the field's name, when anything is not what it should be."""
    if not isinstance(item, dict):
        raise ValueError(f"expected an object with id and title, not {json_fields.kind(item)}")
    return ArticleDraft(
        key=json_fields.required(item, "id", fields.identifier),
        **_texts(item),
        topics=json_fields.names(item, "topics"),
        roles=json_fields.names(item, "roles"),
        body=json_fields.prose(item, "body"),
        source=json_fields.optional(item, "source", fields.one_line),
        curator=json_fields.optional(item, "curator", fields.one_line),
        language=json_fields.optional(item, "language", fields.language),
        published_at=json_fields.optional(
            item, "published_at", lambda text: fields.moment(text, now)
        ),
        must_read=json_fields.flag(item, "must_read"),
        stories=_stories(item),
    )


def _texts(item: Mapping[str, object]) -> dict[str, Any]:
    """The fields of a ``StoryText``."""
    return {
        "title": json_fields.required(item, "title", fields.title),
        **{name: json_fields.prose(item, name) for name in PROSE},
        **{name: json_fields.texts(item, name) for name in LISTS},
        "url": json_fields.optional(item, "url", fields.web_address),
        "image": json_fields.image(item, "image"),
    }


def _stories(item: Mapping[str, object]) -> tuple[StoryDraft, ...]:
    listed = item.get("stories")
    if listed is None:
        return ()
    if not isinstance(listed, list):
        raise ValueError(f"stories: expected a list of objects, not {json_fields.kind(listed)}")
    if len(listed) > MAX_STORIES:
        raise ValueError(f"stories: {len(listed)} of them; at most {MAX_STORIES} are taken")
    stories: list[StoryDraft] = []
    for number, entry in enumerate(listed, start=1):
        story = json_fields.within(f"stories, number {number}", partial(_story, entry))
        if any(story.key == other.key for other in stories):
            raise ValueError(f"stories, number {number}: id: {story.key!r} is used before")
        stories.append(story)
    return tuple(stories)


def _story(entry: object) -> StoryDraft:
    if not isinstance(entry, dict):
        raise ValueError(f"expected an object with id and title, not {json_fields.kind(entry)}")
    return StoryDraft(
        key=json_fields.required(entry, "id", fields.identifier),
        **_texts(entry),
        topics=json_fields.weights(entry, "topics"),
        roles=json_fields.weights(entry, "roles"),
    )
