"""Reads RSS, Atom and JSON feeds from their bytes; fetching them is not done here.

HTML becomes plain text; an entry that cannot be read is a ``Rejected`` value, a document that is no
feed an ``InputError``.
"""

import calendar
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from recommender.articles import fields, markup, sentences, xml_documents
from recommender.articles.values import ArticleDraft, Found
from recommender.errors import InputError, Rejected

MAX_FEED = 20_000_000
"""Bytes in a feed."""
MAX_SUMMARY = 1_500
"""Characters of an entry's full text that stand in for a missing summary."""
MAX_HEADLINE = 120
"""Characters of an entry's first sentence that stand in for a missing title."""
MAX_TOPICS = 200
"""Categories of an entry that are looked at; an article takes fewer still."""
MAX_ENTRIES = 5_000
"""Entries of a feed that are looked at."""
JSON_FEED = "https://jsonfeed.org/version/"


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed's own title and what it holds, in its order."""

    title: str
    entries: tuple[Found | Rejected, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry as either format gives it: text may still be HTML."""

    id: str
    title: str
    url: str
    summary: str
    content: str
    topics: tuple[str, ...]
    published: datetime | str | None
    language: str


def parse(data: bytes, *, file: str, now: datetime) -> Feed:
    """The articles of a feed; ``file`` (a path or address) is named in what is rejected.

    Raises InputError when the bytes are no feed. An article's id is its entry's, with the feed's
    host before it unless it is unique in the world by itself.
    """
    if len(data) > MAX_FEED:
        raise InputError(file, None, f"is larger than {MAX_FEED // 1_000_000} MB; not a feed")
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        title, home, entries = _json_feed(data, file)
    else:
        title, home, entries = _xml_feed(data, file)
    source = _line(title) or _host(home) or _host(file)
    place = _host(home) or _host(file) or fields.slug(source or file)
    found = (
        _article(entry, number, file=file, source=source, place=place, now=now)
        for number, entry in enumerate(entries[:MAX_ENTRIES], start=1)
    )
    taken = list(_once(found))
    if len(entries) > MAX_ENTRIES:
        why = f"{len(entries):,} entries; those after the first {MAX_ENTRIES:,} are left out"
        taken.append(Rejected(file, None, why))
    return Feed(source, tuple(taken))


def is_json_feed(document: object) -> bool:
    """Whether decoded JSON says of itself that it is a feed."""
    return isinstance(document, dict) and str(document.get("version", "")).startswith(JSON_FEED)


def _article(
    entry: _Entry, number: int, *, file: str, source: str, place: str, now: datetime
) -> Found | Rejected:
    try:
        return Found(_draft(entry, source, place, now), file, number)
    except ValueError as error:
        return Rejected(file, None, f"entry {number}: {error}")


def _draft(entry: _Entry, source: str, place: str, now: datetime) -> ArticleDraft:
    summary, content = _text(entry.summary), _text(entry.content)
    if content == summary:
        content = ""
    if not summary:
        summary, content = _shortened(content)
    # An RSS guid counts as the link unless it says otherwise, and many do not say.
    url = entry.url.strip() if entry.url != entry.id or "://" in entry.id else ""
    title = _line(markup.text(entry.title)) or _headline(summary)
    if not title:
        raise ValueError("has neither a title nor text")
    topics: dict[str, str] = {}
    for topic in entry.topics[:MAX_TOPICS]:
        name = fields.name(markup.text(topic))
        topics.setdefault(name.casefold(), name)
    return ArticleDraft(
        key=_key(entry, title, place),
        title=fields.title(title),
        summary=summary,
        body=content,
        topics=tuple(name for key, name in topics.items() if key),
        url=fields.web_address(url) if url else None,
        source=source or None,
        language=fields.language(entry.language) if entry.language.strip() else None,
        published_at=_when(entry.published, now),
    )


def _key(entry: _Entry, title: str, place: str) -> str:
    own = _line(entry.id) or entry.url.strip() or title
    key = own if ":" in own else f"{place}:{own}"
    if len(key) <= fields.MAX_ID:
        return fields.identifier(key)
    return f"{place[:100]}:{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()[:40]}"


def _when(published: datetime | str | None, now: datetime) -> datetime | None:
    if published is None:
        return None
    if isinstance(published, str):
        return fields.moment(published, now) if published.strip() else None
    return fields.plausible(published, now)


def _once(found: Iterator[Found | Rejected]) -> Iterator[Found | Rejected]:
    first: dict[str, int] = {}
    for item in found:
        if isinstance(item, Found) and item.draft.key in first:
            number = first[item.draft.key]
            yield Rejected(item.file, None, f"entry {item.line}: same id as entry {number}")
            continue
        if isinstance(item, Found):
            first[item.draft.key] = item.line
        yield item


def _text(html: str) -> str:
    return fields.paragraphs(markup.text(html))


def _line(text: str) -> str:
    return fields.one_line(text)


def _headline(text: str) -> str:
    first = next(iter(sentences.split(text)), "")
    if len(first) <= MAX_HEADLINE:
        return first
    return first[:MAX_HEADLINE].rsplit(" ", 1)[0] + "…"


def _shortened(content: str) -> tuple[str, str]:
    """(summary, body) of an entry that only has its full text."""
    if len(content) <= MAX_SUMMARY:
        return content, ""
    summary: list[str] = []
    for sentence in sentences.split(content):
        if sum(map(len, summary)) + len(sentence) > MAX_SUMMARY:
            break
        summary.append(sentence)
    return " ".join(summary), content


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _xml_feed(data: bytes, file: str) -> tuple[str, str, list[_Entry]]:
    try:
        parsed = xml_documents.parsed(data)
    except ValueError as error:
        raise InputError(file, None, "is not an RSS, Atom or JSON feed") from error
    if not parsed.get("version") and not parsed.entries:
        problem = parsed.get("bozo_exception")
        line = problem.getLineNumber() if hasattr(problem, "getLineNumber") else None
        raise InputError(file, line, "is not an RSS, Atom or JSON feed")
    feed = parsed.feed
    language = str(feed.get("language", ""))
    entries = [_xml_entry(entry, language) for entry in parsed.entries]
    return markup.text(str(feed.get("title", ""))), str(feed.get("link", "")), entries


def _xml_entry(entry: Any, language: str) -> _Entry:  # Any: feedparser's own dictionary
    contents = [str(part.get("value", "")) for part in entry.get("content", ())]
    tags = entry.get("tags", ())
    # Asked of the plain dictionary: feedparser's own answers "updated" with "published", and warns.
    moment = dict.get(entry, "published_parsed") or dict.get(entry, "updated_parsed")
    return _Entry(
        id=str(entry.get("id", "")),
        title=str(entry.get("title", "")),
        url=str(entry.get("link", "")),
        summary=str(entry.get("summary", "")),
        content=max(contents, key=len, default=""),
        topics=tuple(str(tag.get("term") or tag.get("label") or "") for tag in tags),
        published=_utc(moment) if moment else None,
        language=str(entry.get("language") or language),
    )


def _utc(moment: Any) -> datetime | None:  # Any: a time.struct_time in UTC
    try:
        return datetime.fromtimestamp(calendar.timegm(moment), UTC)
    except (ValueError, OverflowError, OSError):
        return None  # as undated as one that feedparser itself cannot read


def _json_feed(data: bytes, file: str) -> tuple[str, str, list[_Entry]]:
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(file, getattr(error, "lineno", None), "is not a JSON feed") from error
    if not is_json_feed(document) or not isinstance(document.get("items"), list):
        raise InputError(file, None, "is not a JSON feed: version or items are missing")
    language = _string(document, "language")
    entries = [_json_entry(item, language) for item in document["items"]]
    return _string(document, "title"), _string(document, "home_page_url"), entries


def _json_entry(item: object, language: str) -> _Entry:
    entry: Mapping[str, object] = item if isinstance(item, dict) else {}
    tags = entry.get("tags")
    html = _string(entry, "content_html")
    return _Entry(
        id=_string(entry, "id") or str(entry.get("id") or ""),
        title=_string(entry, "title"),
        url=_string(entry, "url") or _string(entry, "external_url"),
        summary=_string(entry, "summary"),
        content=html or _string(entry, "content_text"),
        topics=tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
        published=_string(entry, "date_published") or None,
        language=_string(entry, "language") or language,
    )


def _string(document: Mapping[str, object], name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""
