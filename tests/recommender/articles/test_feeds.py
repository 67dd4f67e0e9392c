"""RSS, Atom and JSON feeds become articles; their HTML becomes text."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.articles import feeds
from recommender.articles.values import ArticleDraft, Found
from recommender.errors import InputError, Rejected

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>The Letter</title><link>https://letter.example.com/</link><language>en</language>
<item><title>TPUs &amp;amp; &lt;b&gt;more&lt;/b&gt;</title><link>https://letter.example.com/1</link>
<guid isPermaLink="false">17</guid><pubDate>Mon, 23 Nov 2026 08:00:00 +0100</pubDate>
<category>AI Hardware</category><category>ai hardware</category>
<description>&lt;p&gt;Short &lt;a href="x"&gt;text&lt;/a&gt;.&lt;/p&gt;
&lt;script&gt;steal()&lt;/script&gt;</description>
<content:encoded><![CDATA[<p>First.</p><ul><li>One</li><li>Two</li></ul>
<style>p{}</style>]]></content:encoded>
</item>
<item><guid>old</guid><title>Old</title><pubDate>Mon, 01 Jan 1900 00:00:00 GMT</pubDate></item>
<item><guid isPermaLink="false">17</guid><title>Again</title></item>
<item><link>javascript:alert(1)</link><title>Bad link</title></item>
<item><description>No title here. But text.</description></item>
<item></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom">
<title type="html">A &lt;i&gt;b&lt;/i&gt;</title>
<link href="https://atom.example.com/"/><entry><id>tag:atom.example.com,2026:1</id>
<title>Entry</title><link href="https://atom.example.com/1"/><updated>2026-11-20T10:00:00Z</updated>
<content type="html">&lt;p&gt;All of it.&lt;/p&gt;</content></entry></feed>"""


def parse(data: str | bytes, file: str = "feed.xml") -> list[Found | Rejected]:
    raw = data if isinstance(data, bytes) else data.encode()
    return list(feeds.parse(raw, file=file, now=NOW).entries)


def draft(found: Found | Rejected) -> ArticleDraft:
    assert isinstance(found, Found), found
    return found.draft


def test_an_rss_entry_becomes_an_article() -> None:
    assert draft(parse(RSS)[0]) == ArticleDraft(
        key="letter.example.com:17",
        title="TPUs & more",
        summary="Short text.",
        body="First.\n\nOne\n\nTwo",
        topics=("AI Hardware",),
        url="https://letter.example.com/1",
        source="The Letter",
        language="en",
        published_at=datetime(2026, 11, 23, 7, tzinfo=UTC),
    )


def test_a_bad_entry_is_rejected_and_the_others_are_kept() -> None:
    _, old, again, link, untitled, empty = parse(RSS)
    assert isinstance(old, Rejected)
    assert "1900-01-01 is before 1990" in old.why
    assert isinstance(again, Rejected)
    assert again.why == "entry 3: same id as entry 1"
    assert isinstance(link, Rejected) or draft(link).url is None
    assert draft(untitled).title == "No title here."
    assert isinstance(empty, Rejected)
    assert empty.why == "entry 6: has neither a title nor text"


def test_an_atom_entry_with_only_its_full_text_has_it_as_summary() -> None:
    entry = draft(parse(ATOM)[0])
    assert (entry.key, entry.source) == ("tag:atom.example.com,2026:1", "A b")
    assert (entry.summary, entry.body) == ("All of it.", "")


def test_a_json_feed_is_read() -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "J",
        "home_page_url": "https://j.example.com",
        "items": [
            {"id": 1, "content_html": "<p>Hi &amp; bye</p>", "tags": ["AI", 3], "title": "T",
             "url": "https://j.example.com/1", "date_published": "2026-11-01T00:00:00-05:00"},
            {"id": "2", "date_published": "yesterday", "title": "U"},
            5,
        ],
    }  # fmt: skip
    first, second, third = parse(json.dumps(feed))
    assert (draft(first).key, draft(first).summary) == ("j.example.com:1", "Hi & bye")
    assert draft(first).published_at == datetime(2026, 11, 1, 5, tzinfo=UTC)
    assert isinstance(second, Rejected)
    assert "'yesterday' is not a date" in second.why
    assert isinstance(third, Rejected)


@pytest.mark.parametrize(
    "data", [b"", b"<html><body>No</body></html>", b"{}", b'{"items": []}', b"\x00\x01", b"<rss"]
)
def test_what_is_no_feed_is_an_input_error(data: bytes) -> None:
    with pytest.raises(InputError, match="feed"):
        parse(data)


def test_external_entities_are_not_followed() -> None:
    evil = RSS.replace(
        '<?xml version="1.0" encoding="utf-8"?>',
        '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    ).replace("Short", "&x;Short")
    assert all("root:" not in str(item) for item in parse(evil))


@settings(max_examples=100, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=60).map(lambda x: RSS.replace("Short", x).encode()),
    )
)
def test_any_bytes_are_a_feed_or_an_input_error(data: bytes) -> None:
    try:
        parse(data)
    except InputError as error:
        assert error.why
