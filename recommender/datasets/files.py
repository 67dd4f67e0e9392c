"""Stories and readers from the files that ``newsletter rank`` and ``newsletter evaluate`` take.

Articles are read and split by ``recommender.articles``; this turns them, and lines of
``subscribers.jsonl``, into the values the ranker knows. Writes nothing.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypedDict

import msgspec

from recommender.articles import placements
from recommender.articles.values import ArticleDraft
from recommender.errors import InputError
from recommender.ranking.answers import liked
from recommender.ranking.co_clicks import smallest
from recommender.ranking.values import Action, ActionKind, Reader, Story
from recommender.story_text import texts

ACTIONS: Mapping[str, ActionKind] = {
    "click": "click",
    "more": "more",
    "less": "less",
    "sent": "sent",
}


class Crowd(TypedDict):
    """What each of other readers liked (ids of stories), and their roles in the same order."""

    co_clicks: list[list[str]]
    others_roles: list[tuple[str, ...]]


@dataclass(frozen=True)
class Catalogue:
    """``stories`` of all articles, and ``of_article``: ids of each article's stories."""

    stories: tuple[Story, ...]
    of_article: Mapping[str, tuple[str, ...]]

    @property
    def newest(self) -> datetime | None:
        """The newest date of publication, if any story has one."""
        return max((s.published_at for s in self.stories if s.published_at), default=None)


def catalogue(drafts: Iterable[ArticleDraft]) -> Catalogue:
    """The stories of articles that have been split. A story's id is its article's where the
    article is one story, ``article/story`` where it is a digest."""
    stories: list[Story] = []
    of_article: dict[str, tuple[str, ...]] = {}
    for draft in drafts:
        own = [_story(draft, number) for number in range(len(draft.stories))]
        placed = placements.place(own, draft.topics, draft)
        if placed is not None:
            own = [placed.lead if story.id == placed.lead.id else story for story in own]
        stories += own
        of_article[draft.key] = tuple(story.id for story in own)
    return Catalogue(tuple(stories), of_article)


def published(stories: Sequence[Story], since: datetime | None) -> list[Story]:
    """The stories published at ``since`` or later; all of them where that is None."""
    if since is None:
        return list(stories)
    return [story for story in stories if story.published_at and story.published_at >= since]


def _story(draft: ArticleDraft, number: int) -> Story:
    part = draft.stories[number]
    whole = part.key == draft.key
    return Story(
        id=draft.key if whole else f"{draft.key}/{part.key}",
        article=draft.key,
        key=part.key,
        body=draft.body if len(draft.stories) == 1 else "",
        topics=part.topics,
        roles=part.roles,
        source=draft.source,
        curator=draft.curator,
        published_at=draft.published_at,
        must_read=draft.must_read,
        position=number,
        language=draft.language,
        **texts(part) | {"url": part.url or draft.url},
    )


def lines(path: Path, most: int) -> Iterator[tuple[int, list[bytes]]]:
    """The lines of ``path`` in blocks of ``most``, each with the number of its first line.

    Raises InputError when the file cannot be opened.
    """
    try:
        with path.open("rb") as file:
            first, block = 1, []
            for number, line in enumerate(file, 1):
                block.append(line)
                if len(block) == most:
                    yield first, block
                    first, block = number + 1, []
            if block:
                yield first, block
    except OSError as error:
        raise InputError(path, None, f"cannot be read: {error.strerror or error}") from error


def readers(
    block: Sequence[bytes], first: int, path: Path | str, of_article: Mapping[str, Sequence[str]]
) -> tuple[list[Reader], list[InputError]]:
    """The readers of a block of JSONL, and what is wrong with the lines that hold none."""
    found, wrong = [], []
    undated: Answered = {}
    for number, line in enumerate(block, first):
        if line.isspace():
            continue
        try:
            if not line.isascii():
                line.decode()  # what is skipped must be UTF-8, too
            found.append(_plain_reader(_LINE.decode(line), of_article, undated))
            continue
        except (ValueError, RecursionError):
            pass  # read again, with care, to say what is wrong if anything is
        try:
            found.append(reader(decoded(line), of_article))
        except ValueError as error:
            wrong.append(InputError(path, number, str(error)))
    return found, wrong


class _Answer(msgspec.Struct):
    """An entry of a history as most files have it."""

    article: str
    action: ActionKind = "click"
    at: str | None = None
    story: str | None = None


class _Line(msgspec.Struct):
    """A reader's line as most files have it: whatever else a line may hold is left to ``reader``,
    which takes twice as long."""

    id: str | None = None
    email: str | None = None
    roles: list[str] | None = None
    topics: dict[str, Annotated[float, msgspec.Meta(ge=-2, le=3)]] | None = None
    history: list[_Answer] | None = None
    languages: list[str] | None = None


_LINE = msgspec.json.Decoder(_Line)
Answered = dict[tuple[str, str | None, ActionKind], tuple[Action, ...]]


def _plain_reader(
    line: _Line, of_article: Mapping[str, Sequence[str]], undated: Answered
) -> Reader:
    """The reader of a line; ``undated`` holds answers without a date, which are many readers'.

    Raises ValueError where ``reader`` must say what is wrong.
    """
    identifier = line.id or line.email
    if identifier is None:
        raise ValueError("there is no id")
    history: list[Action] = []
    for entry in line.history or ():
        key = (entry.article, entry.story, entry.action)
        actions = undated.get(key) if entry.at is None else None
        if actions is None:
            stories = _stories(entry.article, entry.story, of_article)
            at = _moment(entry.at)
            actions = tuple([Action(story, entry.action, at) for story in stories])
            if at is None:
                undated[key] = actions
        history += actions
    roles, languages = tuple(line.roles or ()), tuple(line.languages or ())
    return Reader(identifier, roles, line.topics or {}, tuple(history), languages=languages)


def decoded(line: bytes) -> dict[str, Any]:
    """The JSON object of a line; ValueError when it holds none."""
    try:
        value = msgspec.json.decode(line)
    except (ValueError, RecursionError):  # the standard library takes more, and says what is wrong
        value = _by_standard_library(line)
    if not isinstance(value, dict):
        raise ValueError(f"expected an object, found {type(value).__name__}")
    return value


def _by_standard_library(line: bytes) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at column {error.colno}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 text (byte {error.start + 1} of the line)") from error
    except RecursionError as error:
        raise ValueError("not JSON: nested too deeply") from error


def reader(values: Mapping[str, Any], of_article: Mapping[str, Sequence[str]]) -> Reader:
    """A line of ``subscribers.jsonl`` as a reader; ``id`` may stand for ``email``.

    Raises ValueError that begins with the field's name.
    """
    identifier = values.get("id") or values.get("email")
    if not isinstance(identifier, str):
        raise ValueError("id: missing, and there is no email either")
    roles = values.get("roles") or []
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise ValueError("roles: expected a list of names")
    history = values.get("history")
    return Reader(
        identifier,
        tuple(roles),
        _topics(values.get("topics") or {}),
        tuple(_history(history, of_article)) if history else (),
        languages=_languages(values.get("languages")),
    )


def _languages(value: Any) -> tuple[str, ...]:
    if not value:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError("languages: expected a list of language tags")
    return tuple(value)


def _topics(value: Any) -> Mapping[str, float]:
    if isinstance(value, list):
        value = dict.fromkeys(map(str, value), 1.0)
    if not isinstance(value, dict):
        raise ValueError("topics: expected a list of names or an object of weights")
    for name, weight in value.items():
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            raise ValueError(f"topics: the weight of {name!r} is not a number")
        if not -2 <= weight <= 3:  # NaN fails, too
            written = f"{weight:g}" if isinstance(weight, float) else str(weight)[:20]
            raise ValueError(f"topics: the weight of {name!r} is {written}, not between -2 and 3")
    return value


def _history(value: Any, of_article: Mapping[str, Sequence[str]]) -> Iterator[Action]:
    if not isinstance(value, list):
        raise ValueError("history: expected a list")
    for entry in value:
        if not isinstance(entry, dict) or not isinstance(entry.get("article"), str):
            raise ValueError("history: expected objects with article and action")
        kind = ACTIONS.get(str(entry.get("action", "click")))
        if kind is None:
            raise ValueError(f"history: {entry['action']!r} is none of {', '.join(ACTIONS)}")
        at = _moment(entry.get("at"))
        for story in _stories(entry["article"], entry.get("story"), of_article):
            yield Action(story, kind, at)


def _stories(article: str, story: Any, of_article: Mapping[str, Sequence[str]]) -> Sequence[str]:
    stories = of_article.get(article, (article,))
    if story is None:
        return stories
    own = {f"{article}/{story}", story} & set(stories)
    return tuple(own) or (f"{article}/{story}",)


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"history: {value!r} is not a date in ISO 8601") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def crowd(path: Path, of_article: Mapping[str, Sequence[str]]) -> Crowd:
    """What readers of a subscribers file clicked and their roles, of a sample of them where there
    are very many, as a ranker takes them. Lines that cannot be read are passed over, since ranking
    will report them."""
    rows = (line for _, block in lines(path, 2_000) for line in block if b'"history"' in line)
    chosen = smallest(rows, lambda line: line)
    return of_readers(readers(chosen, 1, path, of_article)[0])


def of_readers(found: Iterable[Reader]) -> Crowd:
    """The answers and roles of readers as a ranker takes them."""
    answering = [(liked(reader.history), reader.roles) for reader in found]
    return {
        "co_clicks": [stories for stories, _ in answering],
        "others_roles": [roles for _, roles in answering],
    }
