"""Articles and stories as plain values, between the file they came from and the store."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from recommender.story_text import StoryText

MAX_NAMES = 50
"""Topics, and roles, of an article or a story; more say nothing of what it is about."""
MAX_NAMES_IN_ALL = 400
"""Topics, and roles, of an article and its stories together."""


@dataclass(frozen=True)
class StoryDraft(StoryText):
    """One rankable piece of an article.

    ``key`` is unique within the article (for a single-subject article it is the article's own).
    ``topics`` and ``roles`` map names to weights in (0, 1]: 1 for the story's own, less for those
    inherited from the digest it stood in.
    """

    key: str
    topics: Mapping[str, float] = field(default_factory=dict)
    roles: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ArticleDraft(StoryText):
    """A brief as its editors wrote it. ``stories`` is empty until it has been split, unless the
    file itself lists the stories."""

    key: str
    topics: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    body: str = ""
    source: str | None = None
    curator: str | None = None
    language: str | None = None
    published_at: datetime | None = None
    must_read: bool = False
    stories: tuple[StoryDraft, ...] = ()

    def content_hash(self) -> str:
        """SHA-256 over the canonical JSON of everything but the time of import."""
        content = asdict(self)
        for part in (content, *content["stories"]):
            if part["image"] is None:  # as before there were pictures
                del part["image"]
        text = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class ParsedArticle:
    """An article as it was read from a file, and where it stood (``line`` is 1-based). ``warnings``
    say what of it was not taken. ``other_key`` is the article's if its own key turns out to be that
    of another article: an id in a feed is only as unique as its makers took care to make it."""

    draft: ArticleDraft
    file: str
    line: int
    warnings: tuple[str, ...] = ()
    other_key: str = ""

    def under_other_key(self, title: str, url: str | None, summary: str) -> "ParsedArticle | None":
        """The same under its other key, when the one who has its key is plainly another article:
        with another title, address and summary. None otherwise."""
        mine = self.draft.title, self.draft.url, self.draft.summary
        differs = all(one != other for one, other in zip(mine, (title, url, summary), strict=True))
        if not self.other_key or not differs:
            return None
        return replace(self, draft=replace(self.draft, key=self.other_key), other_key="")

    def limited(self) -> "ParsedArticle":
        """The same with no more topics and roles than an article may have."""
        draft, warnings = self.draft, list(self.warnings)
        for kind in ("topics", "roles"):
            draft = _limited(draft, kind, warnings)
        return self if draft is self.draft else replace(self, draft=draft, warnings=tuple(warnings))


def _limited(draft: ArticleDraft, kind: str, warnings: list[str]) -> ArticleDraft:
    own = getattr(draft, kind)
    lists = [own, *(getattr(story, kind) for story in draft.stories)]
    longest = max(map(len, lists))
    if longest <= MAX_NAMES and sum(map(len, lists)) <= MAX_NAMES_IN_ALL:
        return draft
    taken = dict.fromkeys(own[:MAX_NAMES])
    stories = []
    for story in draft.stories:
        few: Any = {kind: dict(_first(getattr(story, kind), taken))}  # of the field's type
        stories.append(replace(story, **few))
    if longest > MAX_NAMES:
        warnings.append(f"{kind}: more than {MAX_NAMES} names; the first {MAX_NAMES} are taken")
    elif sum(map(len, lists)) > sum(len(getattr(story, kind)) for story in stories) + len(own):
        warnings.append(f"{kind}: more than {MAX_NAMES_IN_ALL} names; the first are taken")
    return replace(draft, **{kind: own[:MAX_NAMES]}, stories=tuple(stories))


def _first(names: Mapping[str, float], taken: dict[str, None]) -> Iterator[tuple[str, float]]:
    """As many as a story may have, and the article with it; ``taken`` are those of the article."""
    for name, weight in list(names.items())[:MAX_NAMES]:
        if name in taken or len(taken) < MAX_NAMES_IN_ALL:
            taken[name] = None
            yield name, weight
