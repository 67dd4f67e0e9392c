"""Gives each entry of a feed the key of its article.

An id need only be unique in its feed (RSS 2.0), and often is not even that. So an id that is an
address or a tag is taken as it is, any other together with its feed; entries that share an id are
told apart by their links, then by their titles.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from recommender.articles import feed_fields, fields

MAX_PLACE = 120
"""Characters of a feed's name within a key."""


@dataclass(frozen=True, slots=True)
class Key:
    """``other`` is to be used where ``key`` is another article's already."""

    key: str
    other: str


def place(bases: tuple[str, ...], name: str) -> str:
    """What the ids of a feed are seen within: its site, and where there is no more than a host
    to go by, the address it gives as its own. ``bases`` are its site and addresses."""
    found = [address for base in bases if (address := feed_fields.link(base, *bases))]
    if not found:
        return fields.slug(name, limit=MAX_PLACE)
    parts = urlsplit(found[0])
    return f"{parts.hostname or ''}{parts.path.rstrip('/')}"[:MAX_PLACE]


@dataclass(frozen=True, slots=True)
class EntryIdentity:
    """What tells an entry from others, the surest first; all may be ''."""

    id: str
    url: str
    title: str
    text: str

    @property
    def rest(self) -> str:
        """The surest but the id."""
        return self.url or self.title or self.text


def keys(entries: Sequence[EntryIdentity], place: str) -> list[Key | None]:
    """The keys of a feed's entries; None for one that repeats an earlier word for word."""
    shared = _shared(entries)
    seen: set[EntryIdentity] = set()
    taken: set[str] = set()
    found: list[Key | None] = []
    for entry in entries:
        other = _hidden(place, entry.id, entry.rest)
        key = other if entry.id in shared else _key(entry.id or entry.rest, place)
        if key in taken:
            key = _hidden(place, entry.id, entry.url, entry.title, entry.text)
        found.append(None if entry in seen else Key(key, other))
        seen.add(entry)
        taken.add(key)
    return found


def _shared(entries: Sequence[EntryIdentity]) -> set[str]:
    """Ids that more than one thing has, or that are the address of a whole site."""
    things = {(entry.id, entry.rest) for entry in entries if entry.id}
    counts = Counter(own for own, _ in things)
    return {own for own, number in counts.items() if number > 1 or _is_site(own)}


def _is_site(own: str) -> bool:
    try:
        parts = urlsplit(own)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and not (parts.path.strip("/") or parts.query)


def _key(own: str, place: str) -> str:
    line = fields.one_line(_sound(own))
    key = line if ":" in line else f"{place}:{line}"
    return key if line and len(key) <= fields.MAX_ID else _hidden(place, own)


def _hidden(place: str, *marks: str) -> str:
    """A key of the feed that shows nothing of what it is made of."""
    digest = hashlib.sha256("\n".join(map(_sound, marks)).encode())
    return f"{place}:{digest.hexdigest()[:32]}"


def _sound(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
