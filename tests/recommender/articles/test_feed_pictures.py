"""An entry's picture is found wherever feeds put it, and nothing is taken for one that is none."""

import json
import time
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.articles import exports, feed_pictures, feeds
from recommender.articles.values import ParsedArticle
from recommender.story_text import Image

RSS = """<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>F</title>
 <link>https://f.example.org/</link><item><title>A weir</title><link>/weir</link>
 <description>Water.</description>{}</item></channel></rss>"""
WEIR = "https://f.example.org/weir.jpg"


def image(feed: str, now: datetime) -> Image | None:
    (found,) = feeds.parse(feed.encode(), file="feed", now=now).entries
    assert isinstance(found, ParsedArticle), found
    return found.draft.image


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ('<enclosure url="/weir.jpg" type="image/jpeg" length="9"/>', Image(WEIR)),
        ('<enclosure url="/talk.mp3" type="audio/mpeg" length="9"/>', None),
        (
            '<media:content url="/weir.jpg" medium="image" width="640" height="480"/>',
            Image(WEIR, "", 640, 480),
        ),
        ('<media:content url="/film.mp4" type="video/mp4"/>', None),
        (
            '<media:thumbnail url="/small.jpg" width="150" height="150"/>'
            '<media:content url="/weir.jpg" type="image/jpeg" width="1200" height="800"/>',
            Image(WEIR, "", 1200, 800),
        ),
        ('<media:thumbnail url="/weir.jpg" width="150" height="150"/>', Image(WEIR, "", 150, 150)),
        (
            "<content:encoded><![CDATA[<p><img src='/pixel?u=1' width=1 height=1>"
            '<img src="/weir.jpg" alt="A &lt;weir&gt;" width="640px" height="auto"></p>]]>'
            "</content:encoded>",
            Image(WEIR, "A <weir>", 640, None),
        ),
        (
            "<content:encoded><![CDATA[<img src='data:image/gif;base64,R0' data-src='weir.jpg'>]]>"
            "</content:encoded>",
            Image(WEIR),
        ),
        ('<enclosure url="javascript:alert(1)" type="image/png"/>', None),
        ('<enclosure url="https://u:p@f.example.org/a.png" type="image/png"/>', None),
        ('<media:content url="/icon.png" medium="image" width="32" height="32"/>', None),
        ("", None),
    ],
)
def test_the_picture_of_an_rss_entry(markup: str, expected: Image | None, now: datetime) -> None:
    assert image(RSS.format(markup), now) == expected


def test_the_picture_of_an_item_of_a_json_feed(now: datetime) -> None:
    item = {"id": "1", "url": "/weir", "title": "A weir", "image": "/weir.jpg"}
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "F",
        "home_page_url": "https://f.example.org/",
        "items": [item],
    }
    assert image(json.dumps(document), now) == Image(WEIR)
    attached = {"url": WEIR, "mime_type": "image/jpeg"}
    del item["image"]
    document["items"] = [item | {"attachments": [{"url": 3}, 4, attached]}]
    assert image(json.dumps(document), now) == Image(WEIR)


def test_the_picture_of_a_post_of_ghost_or_wordpress(now: datetime) -> None:
    ghost = {
        "posts": [
            {"id": "1", "title": "A", "html": "<p>B</p>", "feature_image": WEIR,
             "feature_image_alt": "A weir"}
        ]
    }  # fmt: skip
    media = {
        "source_url": WEIR, "alt_text": "A weir", "media_details": {"width": 640, "height": 480}
    }  # fmt: skip
    wordpress = [
        {"id": 9, "title": {"rendered": "A"}, "content": {"rendered": "B"}, "link": WEIR,
         "_embedded": {"wp:featuredmedia": [media]}}
    ]  # fmt: skip
    for document, expected in (
        (ghost, Image(WEIR, "A weir")),
        (wordpress, Image(WEIR, "A weir", 640, 480)),
    ):
        (found,) = exports.articles(document, file="f", now=now)
        assert isinstance(found, ParsedArticle)
        assert found.draft.image == expected


def test_the_picture_of_a_page() -> None:
    page = """<html><head><meta name="twitter:image" content="/other.jpg">
        <meta property="og:image" content="/weir.jpg"><meta property="og:image:width" content="640">
        <meta property="og:image:height" content="480">
        <meta property="og:image:alt" content="A
        weir"></head>"""
    expected = Image(WEIR, "A weir", 640, 480)
    assert feed_pictures.of_page(page, "https://f.example.org/weir") == expected
    small = page.replace("640", "64")
    assert feed_pictures.of_page(small, "https://f.example.org/w") == Image(
        "https://f.example.org/other.jpg"
    )
    assert feed_pictures.of_page("<html>", "https://f.example.org/") is None


@pytest.mark.parametrize("piece", ["<img src='x", "<img ", "<!--", "<meta a=", "<img>", "&#"])
def test_hostile_markup_costs_time_that_grows_with_its_size_only(piece: str) -> None:
    began = time.monotonic()
    feed_pictures.in_html("<img>" + piece * 40_000)
    feed_pictures.of_page(piece * 40_000, "https://f.example.org/")
    assert time.monotonic() - began < 20


@given(st.text(alphabet='<>img src="=/\\ &#;:data\x00\ud800é' + "\n'", max_size=300))
def test_no_text_breaks_the_search(text: str) -> None:
    feed_pictures.in_html(f"<img {text}")
    feed_pictures.of_page(f"<meta {text}", "https://f.example.org/")
    for found in feed_pictures.in_html(text):
        usable = feed_pictures.best([found], "https://f.example.org/")
        assert usable is None or usable.url.startswith(("https://", "http://"))
