"""Reads the JSON in which publishing services hand out their posts: Ghost's export and its Content
API, WordPress's REST API. HTML becomes text; drafts are ``LeftOut``, pages are passed over.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from recommender.articles import feed_fields, feed_pictures, fields, markup, sentences
from recommender.articles.values import ArticleDraft, ParsedArticle
from recommender.errors import LeftOut, Rejected
from recommender.story_text import Image

MAX_POSTS = 50_000
MAX_SUMMARY = 1_500
"""Characters of a post's text that stand in for a missing summary."""
_PUBLISHED = frozenset({"", "published", "publish", "sent"})
Object = Mapping[str, object]


def service(document: object) -> str:
    """``ghost`` or ``wordpress`` when decoded JSON is an export of one of these, else ''."""
    if _ghost_data(document) is not None:
        return "ghost"
    posts = _wordpress_posts(document)
    first = posts[0] if posts else None
    if isinstance(first, dict) and (_rendered(first.get("title")) or "ID" in first):
        return "wordpress"
    return ""


def read(data: bytes, *, file: str, now: datetime) -> tuple[ParsedArticle | Rejected, ...] | None:
    """The posts in a service's export; None when the bytes are none."""
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return tuple(articles(document, file=file, now=now)) if service(document) else None


def articles(document: object, *, file: str, now: datetime) -> Iterator[ParsedArticle | Rejected]:
    """The posts of an export, in its order; nothing when it is none."""
    data = _ghost_data(document)
    posts = _wordpress_posts(document) if data is None else _objects(data.get("posts"))
    names = {} if data is None else _ghost_names(data)
    for number, post in enumerate(posts[:MAX_POSTS], start=1):
        kind = str(post.get("type") or "post")
        if kind in {"page", "attachment", "nav_menu_item", "revision"} or post.get("page") is True:
            continue
        yield _post(post, names, file, number, now)


def _post(
    post: Object, names: Mapping[str, Sequence[str]], file: str, number: int, now: datetime
) -> ParsedArticle | Rejected:
    title = _line(_html(post.get("title")))
    url = next(
        (a for key in ("url", "link", "URL") if (a := feed_fields.link(_str(post, key)))), ""
    )
    own = next((_str(post, key) for key in ("slug", "id", "ID", "uuid") if _str(post, key)), "")
    key = fields.slug(own or url or title)
    status = (_str(post, "status") or "").lower()
    if status not in _PUBLISHED:
        return LeftOut(file, number, f"not published yet (status: {status})", key=key)
    content = _text(_html(post.get("html") or post.get("content")) or _str(post, "plaintext"))
    summary = next(
        (
            text
            for name in ("custom_excerpt", "excerpt", "meta_description")
            if (text := _text(_html(post.get(name))))
        ),
        "",
    )
    if not summary:
        summary, content = _shortened(content)
    if not (title or summary):
        return Rejected(file, number, f"post {number}: has neither a title nor text")
    when = next(
        (_str(post, key) for key in ("published_at", "date_gmt", "date") if _str(post, key)), ""
    )
    draft = ArticleDraft(
        key=key,
        title=feed_fields.clipped(title or summary, fields.MAX_TITLE),
        summary=summary,
        body=content,
        topics=_topics(post, names),
        url=url or None,
        image=_picture(post, url),
        curator=_author(post),
        language=feed_fields.language(_str(post, "lang") or _str(post, "locale")),
        published_at=feed_fields.moment(when, now),
    )
    return ParsedArticle(draft, file, number)


def _picture(post: Object, url: str) -> Image | None:
    """The picture that a post is shown with: Ghost's ``feature_image``, WordPress's featured
    media."""
    embedded = post.get("_embedded")
    media = _objects(embedded.get("wp:featuredmedia")) if isinstance(embedded, dict) else []
    wide, high = None, None
    if media and isinstance(details := media[0].get("media_details"), dict):
        wide, high = details.get("width"), details.get("height")
    found = [
        Image(_str(post, "feature_image"), _line(_str(post, "feature_image_alt"))),
        Image(
            _str(media[0], "source_url") if media else _str(post, "featured_image"),
            _line(_str(media[0], "alt_text")) if media else "",
            wide if isinstance(wide, int) else None,
            high if isinstance(high, int) else None,
        ),
    ]
    return feed_pictures.best(found, url)


def _ghost_data(document: object) -> Object | None:
    """``{"db": [{"data": {"posts": …}}]}``, ``{"data": …}``, or the API's ``{"posts": …}``."""
    if not isinstance(document, dict):
        return None
    databases = _objects(document.get("db"))
    data = databases[0].get("data") if databases else document.get("data", document)
    if not isinstance(data, dict):
        return None
    posts = _objects(data.get("posts"))
    marks = ("html", "mobiledoc", "lexical", "plaintext", "custom_excerpt")
    return data if posts and any(mark in posts[0] for mark in marks) else None


def _ghost_names(data: Object) -> dict[str, list[str]]:
    """The names of each post's public tags, by the post's id."""
    tags = {
        _str(tag, "id"): _str(tag, "name")
        for tag in _objects(data.get("tags"))
        if not _str(tag, "name").startswith("#")
    }
    found: dict[str, list[str]] = {}
    for pair in _objects(data.get("posts_tags")):
        name = tags.get(_str(pair, "tag_id"))
        if name:
            found.setdefault(_str(pair, "post_id"), []).append(name)
    return found


def _wordpress_posts(document: object) -> list[Object]:
    """The REST API's list, or WordPress.com's ``{"posts": [{"ID": …}]}``."""
    listed = document.get("posts") if isinstance(document, dict) else document
    return _objects(listed)


def _topics(post: Object, names: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    listed: list[str] = list(names.get(_str(post, "id"), ()))
    for key in ("tags", "categories"):
        value = post.get(key)
        if isinstance(value, dict):  # WordPress.com: by name
            listed += [str(name) for name in value]
        listed += [_str(tag, "name") for tag in _objects(value)]
    embedded = post.get("_embedded")
    groups = embedded.get("wp:term") if isinstance(embedded, dict) else None
    for group in groups if isinstance(groups, list) else ():
        listed += [_str(term, "name") for term in _objects(group)]
    found: dict[str, str] = {}
    for text in listed:
        name = feed_fields.name(_line(text))
        if name and not name.startswith("#") and name.casefold() != "uncategorized":
            found.setdefault(name.casefold(), name)
    return tuple(found.values())


def _author(post: Object) -> str | None:
    embedded = post.get("_embedded")
    listed = _objects(embedded.get("author")) if isinstance(embedded, dict) else []
    listed = listed or _objects(post.get("authors")) or _objects([post.get("author")])
    return _line(", ".join(_str(author, "name") for author in listed)) or None


def _objects(value: object) -> list[Object]:
    listed = value if isinstance(value, list) else []
    return [one for one in listed if isinstance(one, dict)]


def _str(item: Object, name: str) -> str:
    value = item.get(name)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    return str(value).encode("utf-8", "replace").decode("utf-8")


def _rendered(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("rendered"), str)


def _html(value: object) -> str:
    """WordPress wraps HTML in an object with ``rendered``."""
    if isinstance(value, dict):
        return _str(value, "rendered")
    return _str({"value": value}, "value")


def _line(html: str) -> str:
    return fields.one_line(markup.line(html))


def _text(html: str) -> str:
    return fields.paragraphs(markup.text(html))


def _shortened(content: str) -> tuple[str, str]:
    if len(content) <= MAX_SUMMARY:
        return content, ""
    summary = ""
    for sentence in sentences.split(content):
        if len(summary) + len(sentence) > MAX_SUMMARY:
            break
        summary = f"{summary} {sentence}".strip()
    return summary, content
