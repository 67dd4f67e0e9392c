"""Articles and stories as plain values, between the file they came from and the store."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class StoryDraft:
    """One rankable piece of an article.

    ``key`` is unique within the article (for a single-subject article it is the article's own).
    ``topics`` and ``roles`` map names to weights in (0, 1]: 1 for the story's own, less for those
    inherited from the digest it stood in.
    """

    key: str
    title: str
    summary: str = ""
    takeaway: str = ""
    insights: tuple[str, ...] = ()
    principles: tuple[str, ...] = ()
    practice: tuple[str, ...] = ()
    code_references: tuple[str, ...] = ()
    topics: Mapping[str, float] = field(default_factory=dict)
    roles: Mapping[str, float] = field(default_factory=dict)
    url: str | None = None


@dataclass(frozen=True)
class ArticleDraft:
    """A brief as its editors wrote it. ``stories`` is empty until it has been split, unless the
    file itself lists the stories."""

    key: str
    title: str
    summary: str = ""
    takeaway: str = ""
    insights: tuple[str, ...] = ()
    principles: tuple[str, ...] = ()
    practice: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    code_references: tuple[str, ...] = ()
    body: str = ""
    url: str | None = None
    source: str | None = None
    curator: str | None = None
    language: str | None = None
    published_at: datetime | None = None
    must_read: bool = False
    stories: tuple[StoryDraft, ...] = ()

    def content_hash(self) -> str:
        """SHA-256 over the canonical JSON of everything but the time of import."""
        text = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Found:
    """An article that could be read, and where it stood (``line`` is 1-based)."""

    draft: ArticleDraft
    file: str
    line: int
