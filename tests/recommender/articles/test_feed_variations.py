"""Feeds of the kinds that readers of feeds are tested with, made of a table: each element of an
entry in every odd form, in each format. No entry is lost for what it need not have."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from xml.sax.saxutils import escape

import pytest

from recommender.articles import feeds
from recommender.articles.values import ParsedArticle

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TEXTS = {
    "empty": "", "spaces": "  \n ", "long": "word " * 2_000, "markup": "<b>x</b> & <i>",
    "entities": "&amp;lt; &nbsp; &bogus; &#0; &#x110000;", "script": "<script>x()</script>",
    "rtl": "\u202eabc", "nul-like": "\u0085\u2028", "emoji": "👩‍🚀", "cdata": "]]>",
}  # fmt: skip
DATES = {
    "rfc822": "Mon, 02 Nov 2026 09:00:00 GMT", "two digits": "2 Nov 26 09:00 EST",
    "w3c": "2026-11-02T09:00:00.123456+05:30", "year": "2026", "month": "2026-11",
    "no zone": "2026-11-02 09:00", "asctime": "Mon Nov  2 09:00:00 2026",
    "24 h": "2026-11-02T24:00:00Z",
    "bad day": "2026-02-30", "bad offset": "2026-11-02T09:00:00+99:99", "words": "last week",
    "korean": "2026-11-02 오후 3:00:00", "greek": "Δευ, 02 Νοε 2026 09:00:00 EET", "epoch": "0",
    "huge": "99999999999999999999", "negative": "-1", "zero": "0000-00-00T00:00:00Z", "empty": "",
    "far": "9999-12-31T23:59:59-23:59", "early": "0001-01-01T00:00:00+14:00",
}  # fmt: skip
LINKS = {
    "path": "/a", "name": "a.html", "query": "?a=1&b=2", "fragment": "#a",
    "no scheme": "//b.example.org/a",
    "host": "b.example.org/a", "spaces": " https://b.example.org/a b ", "ipv6": "http://[::1]/a",
    "broken": "http://[::1", "port": "http://b.example.org:99999/", "mail": "mailto:a@example.org",
    "urn": "urn:isbn:0", "data": "data:text/html,x", "unicode": "https://ä.example/ü", "empty": "",
    "long": "https://b.example.org/" + "a" * 5_000, "user": "https://u:p@b.example.org/",
    "idn": "https://xn--a.example/", "dots": "https://..", "percent": "https://b.example.org/%zz%",
}  # fmt: skip
IDS = {
    "empty": "", "spaces": " ", "number": "1", "url": "https://b.example.org/1",
    "tag": "tag:b,2026:1",
    "site": "https://b.example.org/", "long": "x" * 3_000, "unicode": "ü/ß", "lines": "a\nb",
}  # fmt: skip
LANGUAGES = (
    "en",
    "EN_us",
    "Deutsch",
    "x-none",
    "",
    "en,de",
    "und",
    "a" * 100,
    "中文",
    "c",
    "i-klingon",
)
TOPICS = ("", "Ports", "a/b", "x" * 5_000, "<b>P</b>", "Uncategorized", "a, b", "#tag", "\t")


def rss(title: str = "T", version: str = "2.0", head: str = "", **parts: str) -> bytes:
    inner = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in parts.items())
    return (
        f'<rss version="{version}" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>F'
        f"</title><link>https://a.example.org/</link>{head}<item><title>{escape(title)}</title>"
        f"{inner}</item></channel></rss>"
    ).encode()


def atom(inner: str, title: str = "T") -> bytes:
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>F</title><entry>'
        f"<title>{escape(title)}</title>{inner}</entry></feed>"
    ).encode()


def json_feed(**parts: object) -> bytes:
    whole = {"version": "https://jsonfeed.org/version/1", "items": [{"title": "T", **parts}]}
    return json.dumps(whole).encode()


def variations() -> Iterator[tuple[str, bytes]]:
    for name, text in TEXTS.items():
        yield f"rss description {name}", rss(description=text)
        yield f"rss author {name}", rss(author=text, comments=text)
        yield f"atom summary {name}", atom(f"<summary type='html'>{escape(text)}</summary>")
        yield f"atom content {name}", atom(f"<content>{escape(text)}</content>")
        yield f"json html {name}", json_feed(content_html=text, summary=text, id=text)
    for name, text in DATES.items():
        yield f"rss date {name}", rss(pubDate=text)
        yield f"dc date {name}", rss(**{"dc:date": text})
        yield f"atom date {name}", atom(f"<updated>{text}</updated>")
        yield f"json date {name}", json_feed(date_published=text)
    for name, text in LINKS.items():
        yield f"rss link {name}", rss(link=text)
        yield f"rss guid as link {name}", rss(guid=text)
        yield f"atom link {name}", atom(f'<link href="{escape(text)}"/>')
        yield f"json link {name}", json_feed(url=text, external_url=text)
    for name, text in IDS.items():
        yield f"rss guid {name}", rss(guid=text)
        yield f"atom id {name}", atom(f"<id>{text}</id>")
        yield f"json id {name}", json_feed(id=text)
    for text in LANGUAGES:
        yield f"rss language {text[:9]}", rss(head=f"<language>{text}</language>")
        yield f"json language {text[:9]}", json_feed(language=text)
    for text in TOPICS:
        yield f"rss category {text[:9]!r}", rss(category=text)
        yield f"atom category {text[:9]!r}", atom(f'<category term="{escape(text)}"/>')
        yield f"json tags {text[:9]!r}", json_feed(tags=[text, 1, None, [text]])
    odd: tuple[object, ...] = (None, 1, True, [], {}, -1.5)
    for value in odd:
        yield (
            f"json types {value!r}",
            json_feed(
                id=value, url=value, tags=value, date_published=value, language=value, authors=value
            ),
        )
    for version in ("0.91", "0.92", "2.0.1", "x", ""):
        yield f"rss version {version}", rss(version=version)
    for encoding in ("utf-8-sig", "utf-16", "utf-32"):
        yield f"encoding {encoding}", rss(description="é").decode().encode(encoding)
    yield "not well-formed", rss(description="x").replace(b"</description>", b"<br>&nbsp;")
    yield "unknown namespace", rss(**{"x:y": "z"})
    yield "control character", rss(description="a\x0bb")
    yield "cut off", rss(description="x")[:-20]
    yield (
        "rdf",
        (
            b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
            b'xmlns="http://purl.org/rss/1.0/"><channel><title>F</title></channel>'
            b"<item><title>T</title></item></rdf:RDF>"
        ),
    )
    yield "xhtml", atom("<content type='xhtml'><div><p>x</p></div></content>")
    yield "source elsewhere", atom("<content type='video/mp4' src='https://b.example.org/v'/>")
    yield (
        "enclosures",
        rss().replace(b"</item>", b"<enclosure/><enclosure url='x' length='y'/></item>"),
    )


VARIATIONS = dict(variations())


def test_there_are_two_hundred_of_them() -> None:
    assert len(VARIATIONS) >= 200


@pytest.mark.parametrize("name", VARIATIONS)
def test_no_entry_is_lost(name: str) -> None:
    entries = feeds.parse(VARIATIONS[name], file="https://c.example.org/feed", now=NOW).entries
    assert [type(entry) for entry in entries] == [ParsedArticle], entries
    [entry] = entries
    assert isinstance(entry, ParsedArticle)
    assert (entry.draft.title, entry.draft.key != "") == ("T", True)
    assert entry.draft.published_at is None or entry.draft.published_at.tzinfo is UTC
