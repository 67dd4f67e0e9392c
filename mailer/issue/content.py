"""A story as it is frozen into an edition: what copies and web pages show of it, and nothing else.

Its texts are clean by construction, whoever wrote them. It never changes and never looks anything
up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlsplit

from mailer.issue.plaintext import clean, direction
from recommender.articles import fields, placements, sentences
from recommender.articles.placements import Placement
from recommender.safety.hosts import ascii_host
from recommender.story_text import LISTS, PROSE, Image, StoryText

STANDFIRST_LENGTH = 190
_URL_SAFE = "!#$%&'()*+,/:;=?@[]~"


@dataclass(frozen=True)
class StoryContent(StoryText):
    """One story. ``published_at`` is ISO 8601; ``language`` a language tag, None when unknown;
    ``elsewhere`` says what of its digest is told here for want of a card (``Placement``)."""

    article: str = ""
    story: str = ""
    article_title: str = ""
    source: str | None = None
    curator: str | None = None
    topics: tuple[str, ...] = ()
    published_at: str | None = None
    language: str | None = None
    elsewhere: tuple[Mapping[str, Any], ...] = ()

    def __post_init__(self) -> None:
        for name in ("title", *PROSE, "article_title", "source", "curator"):
            object.__setattr__(self, name, clean(getattr(self, name) or ""))
        for name in (*LISTS, "topics"):
            points = (clean(point) for point in getattr(self, name) or ())
            object.__setattr__(self, name, tuple(point for point in points if point))

        object.__setattr__(self, "image", _shown(self.image))

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.title, self.article, self.story, self.summary))

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "StoryContent":
        """What ``edition_stories.content`` holds; keys of later versions are left aside."""
        known = {name: document[name] for name in cls.__dataclass_fields__ if name in document}
        if known.get("image") is not None:
            known["image"] = Image.from_document(known["image"])
        known["elsewhere"] = tuple(known.get("elsewhere") or ())
        return cls(**{"title": "", **known})

    def placement(self, topic: str) -> Placement | None:
        """Where else in its digest a topic stands that this card tells of."""
        return placements.told(self.elsewhere, topic) if self.elsewhere else None

    @cached_property
    def link(self) -> str | None:
        """``url`` as a ``web_address``; None when it is none."""
        return web_address(self.url or "") or None

    @cached_property
    def day(self) -> date | None:
        """When it was published; None when unknown."""
        try:
            return datetime.fromisoformat(self.published_at or "").date()
        except ValueError:
            return None

    @cached_property
    def standfirst(self) -> str:
        """The summary's first sentences, as many as make a short paragraph; at least one."""
        text = ""
        for sentence in sentences.split(self.summary):
            if text and len(text) + len(sentence) > STANDFIRST_LENGTH:
                break
            text = f"{text} {sentence}".strip()
        return text

    @cached_property
    def first_words(self) -> tuple[str, ...]:
        """Sentences that say what it is about: of the takeaway, else of the summary."""
        return tuple(sentences.split(self.takeaway or self.summary))

    @cached_property
    def dir(self) -> str:
        """The direction it is written in: ``ltr`` or ``rtl``."""
        return direction(self.title or self.summary)


def _shown(image: Image | None) -> Image | None:
    """A picture with a clean text and address; None when it cannot be shown."""
    address = "" if image is None else web_address(image.url)
    return replace(image, url=address, alt=clean(image.alt)) if image and address else None


def web_address(url: str) -> str:
    """``url``, percent-encoded, when it is an http or https address without a user name; else
    empty."""
    try:
        address = fields.web_address(url)
        parts = urlsplit(address)
        host = ascii_host(parts.hostname or "")
        if parts.username is not None or parts.password is not None or "." not in host:
            return ""
    except ValueError:
        return ""
    port = "" if parts.port is None else f":{parts.port}"
    rest = address.partition("://")[2].partition(parts.netloc)[2]
    return f"{parts.scheme}://{host}{port}{quote(rest, safe=_URL_SAFE)}"


def contents(documents: Mapping[str, Mapping[str, Any]]) -> dict[str, StoryContent]:
    """The stories of documents, by the same keys."""
    return {key: StoryContent.from_document(document) for key, document in documents.items()}
