"""What is asked of the archive's list: a page of it, words to find, or both. Reads no store.

A story is found by words of its title or its standfirst, as the archive shows them. A word finds
those that begin with it, whatever their case and accents; in scripts without spaces, any part.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlencode

from starlette.requests import Request

from mailer.issue.content import StoryContent
from mailer.issue.plaintext import clean
from mailer.web import forms
from mailer.web.site import Site

QUERY_LENGTH = 100
"""Characters of a query; what comes after them is not looked for."""
_WITHOUT_SPACES = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True)
class Asked:
    """The list at ``path``: page ``number``, from 1, of the editions with ``query``, or of all."""

    site: Site
    path: str
    number: int
    query: str

    def address(self, number: int) -> str:
        """Of another page, in the language that the visitor asked for on the page."""
        spoken = {"lang": self.site.language.code} if self.site.asked else {}
        query = urlencode({**self._kept(number), **spoken})
        return self.site.path(self.path) + (f"?{query}" if query else "")

    @property
    def kept(self) -> str:
        """What an address of the same page says before its language."""
        kept = urlencode(self._kept(self.number))
        return f"{kept}&" if kept else ""

    def _kept(self, number: int) -> dict[str, str]:
        asked = {"q": self.query} if self.query else {}
        return {**asked, "page": str(number)} if number > 1 else asked


def asked(request: Request, site: Site, path: str) -> Asked:
    """What a request asks for. HTTPException 404 when its page is no number of a page."""
    page = forms.page_number(request)
    query = clean(request.query_params.get("q", ""))[:QUERY_LENGTH].strip()
    return Asked(site, path, page, query)


def has_all(query: str, stories: Iterable[StoryContent]) -> bool:
    """Whether the stories of an edition have all words of a query between them."""
    words = _words(query)
    text = "".join(map(_text, stories))
    return bool(words) and all(word in text for word in words)


def with_any(query: str, stories: Iterable[StoryContent]) -> Sequence[StoryContent]:
    """The stories that have a word of a query."""
    words = _words(query)
    return [story for story in stories if any(word in _text(story) for word in words)]


def _words(query: str) -> list[str]:
    """The words of a query, as parts of a text (``_text``)."""
    found = _folded(query).split()
    return [word if _WITHOUT_SPACES.search(word) else f" {word}" for word in found]


def _text(story: StoryContent) -> str:
    return _folded(story.title) + _folded(story.standfirst)


@lru_cache(maxsize=20_000)
def _folded(text: str) -> str:
    """Words in lower case without accents, a space before each."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return "".join(f" {word}" for word in re.findall(r"\w+", bare))
