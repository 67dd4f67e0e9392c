"""Finds the picture of a feed's entry: what the entry names (enclosure, Media RSS, JSON Feed), else
the first real one in its text; of a page, what it gives to those who link to it (og:image).

A picture is only ever named by its address; nothing is fetched. Addresses other than http(s) are
left out, as are pictures too small to be looked at: pixels that count readers, icons, smileys.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from html.parser import HTMLParser
from typing import Any

from recommender.articles import feed_fields, fields, json_fields, markup
from recommender.story_text import Image

MOST = 20
"""Pictures of an entry that are looked at."""
LEAST = 100
"""Pixels of the shorter side, where it is known."""
GOOD = 400
"""Pixels of the width from which a picture is large enough for any issue."""
MAX_HTML = 200_000
"""Characters of markup in which a picture is looked for."""
_IMAGE_PATH = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)(?:[?#]|$)", re.IGNORECASE)
_COUNTS = re.compile(
    r"feedburner|feedsportal|/(?:pixel|beacon|track(?:ing)?|count(?:er)?|stats?|open)\b|doubleclick"
    r"|gravatar|/smilies/|/emoji|s\.w\.org|wp-includes|\.svg(?:[?#]|$)|1x1|spacer",
    re.IGNORECASE,
)
"""Addresses of what is no picture of anything."""


def of_xml(entry: Any) -> tuple[Image, ...]:  # Any: feedparser's own dictionary
    """What an RSS or Atom entry names, the most telling first."""
    media = [
        one
        for one in _dictionaries(entry.get("media_content"))
        if _is_image(one.get("medium"), one.get("type"), one.get("url"))
    ]
    enclosed = [
        {"url": one.get("href")}
        for one in _dictionaries(entry.get("links"))
        if one.get("rel") == "enclosure" and _is_image(None, one.get("type"), one.get("href"))
    ]
    named = [{"url": entry["image"].get("href")}] if _is_object(entry.get("image")) else []
    thumbnails = _dictionaries(entry.get("media_thumbnail"))
    return tuple(map(_image, [*media, *enclosed, *named, *thumbnails]))[:MOST]


def of_json(item: Mapping[str, object]) -> tuple[Image, ...]:
    """What an item of a JSON Feed names."""
    attached = [
        {"url": one.get("url")}
        for one in _dictionaries(item.get("attachments"))
        if _is_image(None, one.get("mime_type"), None)
    ]
    named = [{"url": item.get(name)} for name in ("image", "banner_image") if item.get(name)]
    return tuple(map(_image, [*named, *attached]))[:MOST]


def in_html(html: str) -> tuple[Image, ...]:
    """The pictures in a text, in their order."""
    if "<img" not in html[:MAX_HTML].lower():
        return ()
    found = _Pictures()
    found.feed(markup.ended(html, MAX_HTML)[0])
    return tuple(found.images)


def of_attributes(values: Mapping[str, str]) -> tuple[Image, ...]:
    """The picture of an ``img`` element with these attributes."""
    address = values.get("src", "")
    if address.startswith("data:"):  # put there until a script has loaded the real one
        address = values.get("data-src", "")
    return (_image({**values, "url": address}),)


def of_page(html: str, url: str) -> Image | None:
    """The picture that a page gives to those who link to it (Open Graph, Twitter cards)."""
    found = _Meta()
    found.feed(markup.ended(html, MAX_HTML)[0])
    for prefix in ("og:image", "twitter:image"):
        values = {name: found.values.get(f"{prefix}:{name}") for name in ("alt", "width", "height")}
        address = found.values.get(f"{prefix}:secure_url") or found.values.get(prefix)
        if (image := best([_image(values | {"url": address})], url)) is not None:
            return image
    return None


def best(candidates: Iterable[Image], *bases: str) -> Image | None:
    """The first that is known to be large, else the first of those that are not known to be small;
    its address as it is seen from the first of ``bases`` that is one."""
    usable = [one for image in candidates if (one := _usable(image, bases)) is not None]
    large = [one for one in usable if (one.width or 0) >= GOOD]
    return next(iter([*large, *usable]), None)


def _usable(image: Image, bases: tuple[str, ...]) -> Image | None:
    small = any(side is not None and side < LEAST for side in (image.width, image.height))
    address = feed_fields.link(image.url, *bases)
    if address is None or small or _COUNTS.search(address):
        return None
    return Image(address, image.alt, image.width, image.height)


def _image(values: Mapping[str, object]) -> Image:
    return Image(
        str(values.get("url") or ""),
        _words(str(values.get("alt") or "")),
        _pixels(values.get("width")),
        _pixels(values.get("height")),
    )


def _words(written: str) -> str:
    try:
        return fields.alt_text(written)
    except ValueError:
        return ""


def _pixels(written: object) -> int | None:
    text = str(written or "").strip().removesuffix("px")
    if not (text.isascii() and text.isdecimal() and len(text) < 6):
        return None
    return int(text) if 0 < int(text) <= json_fields.MAX_PIXELS else None


def _is_image(medium: object, kind: object, url: object) -> bool:
    if medium or kind:
        return medium == "image" or str(kind or "").startswith("image/")
    return bool(_IMAGE_PATH.search(str(url or "")))


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _dictionaries(listed: object) -> list[Mapping[str, object]]:
    if not isinstance(listed, list):
        return []
    return [one for one in listed[:MOST] if isinstance(one, dict)]


class _Pictures(HTMLParser):
    """The ``img`` elements of a text."""

    def __init__(self) -> None:
        super().__init__()
        self.images: list[Image] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "img" or len(self.images) >= MOST:
            return
        self.images += of_attributes(dict(_few(attrs)))


class _Meta(HTMLParser):
    """What a page says of itself in ``meta`` elements; the first word of each name counts."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "meta" and len(self.values) < 200:
            values = dict(_few(attrs))
            name = (values.get("property") or values.get("name") or "").lower()
            self.values.setdefault(name, values.get("content", ""))


def _few(attrs: list[tuple[str, str | None]]) -> Iterator[tuple[str, str]]:
    for name, value in reversed(attrs[:50]):
        yield name, value or ""
