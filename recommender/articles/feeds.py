"""Reads RSS, Atom and JSON feeds from their bytes; fetching them is not done here.

HTML becomes plain text; an entry that cannot be read is a ``Rejected`` value, a document that is no
feed an ``InputError``.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from recommender.articles import (
    feed_documents,
    feed_fields,
    feed_keys,
    feed_pictures,
    fields,
    markup,
    sentences,
)
from recommender.articles.values import ArticleDraft, ParsedArticle
from recommender.errors import InputError, LeftOut, Rejected
from recommender.story_text import Image

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
UNSAID = frozenset({"", "uncategorized", "uncategorised", "allgemein", "non classé"})
"""Categories that say nothing."""
_BOILERPLATE = re.compile(
    r"(?:(?:^|\n|(?<=[ .]))The post [^\n]{1,400} appeared first on [^\n]{1,200}|\[(?:…|\.\.\.)\]"
    r"|\nContinue reading[^\n]{0,300}|\nRead more[^\n]{0,9}|(?:^|\n)Comments)\s{0,9}\Z"
)
"""What feeds put behind a text and nobody wrote."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed's own title and what it holds, in its order."""

    title: str
    entries: tuple[ParsedArticle | Rejected, ...]


def parse(data: bytes, *, file: str, now: datetime, charset: str = "") -> Feed:
    """The articles of a feed; ``file`` (a path or address) is named in what is rejected, and
    ``charset`` is what its server said of it.

    Raises InputError when the bytes are no feed. An entry needs a title or text; whatever else
    cannot be read is mended or left out.
    """
    if len(data) > MAX_FEED:
        raise InputError(file, None, f"is larger than {MAX_FEED // 1_000_000} MB; not a feed")
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        whole = feed_documents.from_json(data, file)
    else:
        whole = feed_documents.from_xml(data, file, charset)
    address = file if "://" in file else ""
    bases = (whole.home, whole.own, address)
    source = _line(whole.title) or _host(feed_fields.link(whole.home, *bases[1:]) or "")
    place = feed_keys.place(bases, whole.title or Path(file).stem)
    entries = [
        replace(entry, number=number, url=_link(entry, bases), images=_pictures(entry, bases))
        for number, entry in enumerate(whole.entries[:MAX_ENTRIES], start=1)
    ]
    keys = feed_keys.keys([_marks(entry) for entry in entries], place)
    taken: list[ParsedArticle | Rejected] = []
    for entry, key in zip(entries, keys, strict=True):
        if key is not None:
            taken.append(_article(entry, key, file, source or _host(file), now))
    if len(whole.entries) > MAX_ENTRIES:
        why = f"{len(whole.entries):,} entries; those after the first {MAX_ENTRIES:,} are left out"
        taken.append(Rejected(file, None, why))
    return Feed(source or _host(file), tuple(taken))


def _marks(entry: feed_documents.Entry) -> feed_keys.EntryIdentity:
    text = (entry.summary or entry.content)[:MAX_SUMMARY]
    return feed_keys.EntryIdentity(entry.id.strip(), entry.url, entry.title, text)


def _link(entry: feed_documents.Entry, bases: tuple[str, ...]) -> str:
    # An RSS guid counts as the link unless it says otherwise, and many do not say.
    if entry.url == entry.id and "://" not in entry.id and not entry.id.startswith("/"):
        return ""
    return feed_fields.link(entry.url, *bases) or ""


def _pictures(entry: feed_documents.Entry, bases: tuple[str, ...]) -> tuple[Image, ...]:
    """The entry's picture, if it has one: what it names, else what stands in its text."""
    seen_from = (entry.url, *bases)
    for found in (entry.images, feed_pictures.in_html(entry.content or entry.summary)):
        if (image := feed_pictures.best(found, *seen_from)) is not None:
            return (image,)
    return ()


def _article(
    entry: feed_documents.Entry, key: feed_keys.Key, file: str, source: str, now: datetime
) -> ParsedArticle | Rejected:
    if entry.unpublished:
        return LeftOut(file, entry.number, entry.unpublished, key=key.key)
    try:
        draft = _draft(entry, key.key, source, now)
    except ValueError as error:
        return Rejected(file, None, f"entry {entry.number}: {error}")
    return ParsedArticle(draft, file, entry.number, other_key=key.other)


def _draft(entry: feed_documents.Entry, key: str, source: str, now: datetime) -> ArticleDraft:
    as_text = fields.paragraphs if entry.plain else _text
    summary, content = as_text(_sound(entry.summary)), _text(_sound(entry.content))
    if content == summary:
        content = ""
    if not summary:
        summary, content = _shortened(content)
    title = _line(entry.title) or _headline(summary)
    if not title:
        raise ValueError("has neither a title nor text")
    topics: dict[str, str] = {}
    for topic in entry.topics[:MAX_TOPICS]:
        name = feed_fields.name(markup.line(_sound(topic)))
        if name.casefold() not in UNSAID:
            topics.setdefault(name.casefold(), name)
    return ArticleDraft(
        key=key,
        title=feed_fields.clipped(title, fields.MAX_TITLE),
        summary=summary,
        body=content,
        topics=tuple(topics.values()),
        url=entry.url or None,
        image=next(iter(entry.images), None),
        source=source or None,
        language=feed_fields.language(entry.language),
        published_at=feed_fields.moment(entry.published, now),
    )


def _sound(text: str) -> str:
    """``text`` without halves of characters, which JSON can name and no encoding carry."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _text(html: str) -> str:
    text = fields.paragraphs(markup.text(html))
    start = max(0, len(text) - MAX_SUMMARY)  # what it looks for stands at the end
    end = text[start:]
    for _ in range(3):  # of one kind and then another
        end = _BOILERPLATE.sub("", end).rstrip()
    return text[:start] + end


def _line(text: str) -> str:
    return fields.one_line(_sound(text))


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
