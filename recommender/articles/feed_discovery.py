"""Finds the feeds that a web page names, as browsers do: ``<link rel="alternate" type=…>`` (RSS
Advisory Board, RSS autodiscovery; HTML, 4.6.7.1), else links that plainly lead to one.
"""

import re
from html.parser import HTMLParser

from recommender.articles import feed_fields

MAX_PAGE = 500_000
"""Characters of a page that are read."""
MAX_FEEDS = 20
_TYPES = re.compile(r"application/(?:rss\+xml|atom\+xml|rdf\+xml|feed\+json|json|xml)|text/xml")
_PAGE = re.compile(rb"<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>]", re.IGNORECASE)
_FEED_PATH = re.compile(r"/(?:feed|rss|atom|index|feeds?/\w+)(?:\.(?:xml|rss|atom|json)|/)?$")


def is_page(data: bytes) -> bool:
    """Whether what a server sent is a web page."""
    return bool(_PAGE.search(data[:2_000]))


def named(data: bytes, url: str) -> tuple[str, ...]:
    """The addresses of the feeds that the page at ``url`` names, its first choice first."""
    page = _Page(url)
    page.feed(data.decode("utf-8", "replace")[:MAX_PAGE])
    page.close()
    return tuple(dict.fromkeys(page.alternates or page.likely))[:MAX_FEEDS]


class _Page(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self._base = url
        self.alternates: list[str] = []
        self.likely: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"base", "link", "a"} or len(self.alternates) >= MAX_FEEDS:
            return
        values = {name: value or "" for name, value in reversed(attrs[:50])}
        address = feed_fields.link(values.get("href", ""), self._base)
        if address is None:
            return
        kind = values.get("type", "").partition(";")[0].strip().lower()
        relations = values.get("rel", "").lower().split()
        if tag == "base":
            self._base = address
        elif tag == "link" and "alternate" in relations and _TYPES.fullmatch(kind):
            self.alternates.append(address)
        elif tag == "a" and len(self.likely) < MAX_FEEDS and _FEED_PATH.search(address):
            self.likely.append(address)
