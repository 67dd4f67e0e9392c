"""Takes RSS, Atom and JSON feeds apart: what each entry says, in one shape for every format.

Nothing is judged here: a link may lead nowhere, a date be none.
"""

import calendar
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any

from recommender.articles import feed_fields, feed_pictures, markup, xml_documents
from recommender.errors import InputError
from recommender.story_text import Image

MAX_TEXT = 1_500
"""Characters of a JSON entry's plain text that stand in for a missing summary."""
NO_POSTS = frozenset(
    {"attachment", "page", "nav_menu_item", "revision", "custom_css", "customize_changeset"}
    | {"wp_block", "wp_template", "wp_template_part", "wp_global_styles", "wp_navigation"}
)
"""What else a WordPress export (WXR) holds."""
JSON_FEED = "https://jsonfeed.org/version/"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as either format gives it: summary and content may still be HTML unless ``plain``,
    the title is text. ``unpublished`` says why it is not for readers yet, else ''. ``images`` are
    those that it names, as it names them."""

    id: str
    title: str
    url: str
    summary: str
    content: str
    topics: tuple[str, ...]
    published: datetime | str | None
    language: str
    plain: bool = False
    unpublished: str = ""
    number: int = 0
    images: tuple[Image, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedChannel:
    """What a feed says of itself: ``home`` is its site, ``own`` its address as it gives it."""

    title: str
    home: str
    own: str
    entries: tuple[Entry, ...]


def is_json_feed(document: object) -> bool:
    """Whether decoded JSON says of itself that it is a feed."""
    return isinstance(document, dict) and str(document.get("version", "")).startswith(JSON_FEED)


def from_xml(data: bytes, file: str, charset: str) -> FeedChannel:
    """RSS or Atom; InputError when it is neither."""
    try:
        parsed = xml_documents.parsed(data, charset)
    except ValueError as error:
        raise InputError(file, None, f"is not an RSS, Atom or JSON feed: {error}") from error
    if not parsed.get("version") and not parsed.entries:
        problem = parsed.get("bozo_exception")
        line = problem.getLineNumber() if hasattr(problem, "getLineNumber") else None
        raise InputError(file, line, "is not an RSS, Atom or JSON feed")
    feed = parsed.feed
    language = str(feed.get("language", ""))
    own = next((href for rel, href in _links(feed) if rel == "self"), "")
    atom = str(parsed.get("version", "")).startswith("atom")
    posts = [one for one in parsed.entries if one.get("wp_post_type", "post") not in NO_POSTS]
    entries = tuple(_xml_entry(entry, language, atom=atom) for entry in posts)
    return FeedChannel(_title(feed, atom=atom), str(feed.get("link", "")), own, entries)


def _xml_entry(
    entry: Any, language: str, *, atom: bool
) -> Entry:  # Any: feedparser's own dictionary
    contents = [str(part.get("value", "")) for part in entry.get("content", ())]
    tags = entry.get("tags", ())
    # Asked of the plain dictionary: feedparser's own answers "updated" with "published", and warns.
    moment = dict.get(entry, "published_parsed") or dict.get(entry, "updated_parsed")
    written = dict.get(entry, "published") or dict.get(entry, "updated")
    links = [str(entry.get("link", "")), *(href for _, href in _links(entry))]
    return Entry(
        id=str(entry.get("id", "")),
        title=_title(entry, atom=atom),
        # The first that is an address of the web: a podcast may have nothing but its enclosure.
        url=next((one for one in links if feed_fields.link(one)), links[0]),
        summary=str(entry.get("excerpt_encoded") or entry.get("summary", "")),
        content=max(contents, key=len, default=""),
        topics=tuple(str(tag.get("term") or tag.get("label") or "") for tag in tags),
        published=_utc(moment) if moment else str(written or ""),
        language=str(entry.get("language") or language),
        unpublished=_unpublished(entry),
        plain=atom and entry.get("summary_detail", {}).get("type") == "text/plain",
        images=feed_pictures.of_xml(entry),
    )


def _unpublished(entry: Any) -> str:  # Any: feedparser's own dictionary
    """What WordPress says in its export of a post that is not on its site."""
    status = str(entry.get("wp_status", "publish")).strip()
    if status != "publish":
        return f"not published yet (status: {status[:40]})"
    return "is protected by a password" if entry.get("wp_post_password") else ""


def _title(element: Any, *, atom: bool) -> str:  # Any: feedparser's own dictionary
    """An Atom title is the text it says it is (RFC 4287, 3.1.1); others may be text or HTML."""
    title = str(element.get("title", ""))
    if not atom:
        return markup.line(title)
    plain = element.get("title_detail", {}).get("type") == "text/plain"
    return title if plain else markup.text(title)


def _links(element: Any) -> list[tuple[str, str]]:  # Any: feedparser's own dictionary
    """(relation, address), those that lead to the thing itself first."""
    order = {"alternate": 0, "": 0, "enclosure": 1, "via": 2, "related": 2, "self": 3}
    links = [
        (str(link.get("rel", "")), str(link.get("href", ""))) for link in element.get("links", ())
    ]
    return sorted((one for one in links if one[0] in order), key=lambda link: order[link[0]])


def _utc(moment: Any) -> datetime | None:  # Any: a time.struct_time in UTC
    try:
        return datetime.fromtimestamp(calendar.timegm(moment), UTC)
    except (ValueError, OverflowError, OSError):
        return None  # as undated as one that feedparser itself cannot read


def from_json(data: bytes, file: str) -> FeedChannel:
    """A JSON Feed; InputError when it is none."""
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(file, getattr(error, "lineno", None), "is not a JSON feed") from error
    if not is_json_feed(document) or not isinstance(document.get("items"), list):
        raise InputError(file, None, "is not a JSON feed: version or items are missing")
    language = _string(document, "language")
    entries = tuple(_json_entry(item, language) for item in document["items"])
    home, own = _string(document, "home_page_url"), _string(document, "feed_url")
    return FeedChannel(_string(document, "title"), home, own, entries)


def _json_entry(item: object, language: str) -> Entry:
    entry: Mapping[str, object] = item if isinstance(item, dict) else {}
    tags = entry.get("tags")
    html, text = _string(entry, "content_html"), _string(entry, "content_text")
    summary = _string(entry, "summary") or ("" if html else text[:MAX_TEXT])
    return Entry(
        id=_string(entry, "id") or str(entry.get("id") or ""),
        title=_string(entry, "title"),
        url=_string(entry, "url") or _string(entry, "external_url"),
        summary=summary,
        content=html or escape(text),
        topics=tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
        published=_string(entry, "date_published") or _string(entry, "date_modified"),
        language=_string(entry, "language") or language,
        plain=True,
        images=feed_pictures.of_json(entry),
    )


def _string(document: Mapping[str, object], name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""
