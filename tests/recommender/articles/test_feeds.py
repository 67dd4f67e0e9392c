"""RSS, Atom and JSON feeds become articles; their HTML becomes text."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.articles import feeds
from recommender.articles.values import ArticleDraft, ParsedArticle
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
<item><link>javascript:alert(1)</link><title>Bad link</title></item>
<item><description>No title here. But text.</description></item>
<item></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom">
<title type="html">A &lt;i&gt;b&lt;/i&gt;</title>
<link href="https://atom.example.com/"/><entry><id>tag:atom.example.com,2026:1</id>
<title>Entry</title><link href="https://atom.example.com/1"/><updated>2026-11-20T10:00:00Z</updated>
<content type="html">&lt;p&gt;All of it.&lt;/p&gt;</content></entry></feed>"""


def parse(data: str | bytes, file: str = "feed.xml") -> list[ParsedArticle | Rejected]:
    raw = data if isinstance(data, bytes) else data.encode()
    return list(feeds.parse(raw, file=file, now=NOW).entries)


def draft(found: ParsedArticle | Rejected) -> ArticleDraft:
    assert isinstance(found, ParsedArticle), found
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


def test_no_entry_is_lost_for_what_it_need_not_have() -> None:
    _, old, link, untitled, empty = parse(RSS)
    assert (draft(old).title, draft(old).published_at) == ("Old", None)
    assert draft(link).url is None
    assert draft(untitled).title == "No title here."
    assert isinstance(empty, Rejected)
    assert empty.why == "entry 5: has neither a title nor text"


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
    assert (draft(second).title, draft(second).published_at) == ("U", None)
    assert (draft(first).key, draft(first).summary) == ("j.example.com:1", "Hi & bye")
    assert draft(first).published_at == datetime(2026, 11, 1, 5, tzinfo=UTC)
    assert isinstance(third, Rejected)


def item(**parts: str) -> str:
    """An RSS entry; a part named ``guid`` is no link."""
    inner = {"title": "A title", "description": "Its text."} | parts
    marks = {name: ' isPermaLink="false"' if name == "guid" else "" for name in inner}
    return "".join(f"<{name}{marks[name]}>{text}</{name}>" for name, text in inner.items() if text)


def rss(*items: str, home: str = "https://a.example.org/", head: str = "") -> str:
    entries = "".join(f"<item>{one}</item>" for one in items)
    return (
        f'<rss version="2.0"><channel><title>A</title><link>{home}</link>{head}{entries}'
        "</channel></rss>"
    )


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("/p/1", "https://a.example.org/p/1"),
        ("p/1.html", "https://a.example.org/p/1.html"),
        ("//b.example.org/p", "https://b.example.org/p"),
        ("b.example.org/p", "https://b.example.org/p"),
        ("www.example.org", "https://www.example.org"),
        ("HTTP://A.Example.ORG/Path", "http://a.example.org/Path"),
        ("https://a.example.org/a b", "https://a.example.org/a%20b"),
        ("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
        ("\n https://a.example.org/\n1 ", "https://a.example.org/1"),
        ("mailto:a@example.org", None),
        ("javascript:alert(1)", None),
        ("https://u:p@a.example.org/", None),
        ("http://[", None),
        ("https://a.example.org/" + "x" * 3_000, None),
    ],
)
def test_a_link_is_seen_from_the_site_or_left_out(written: str, url: str | None) -> None:
    [entry] = parse(rss(item(link=written)))
    assert draft(entry).url == url


def test_a_link_is_seen_from_the_address_of_the_feed_where_it_names_no_site() -> None:
    [entry] = parse(rss(item(link="/p"), home=""), file="https://c.example.org/feed.xml")
    assert draft(entry).url == "https://c.example.org/p"


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ("German", "de"), ("français", "fr"), ("de_AT.UTF-8", "de-AT"), ("fr, en", "fr"),
        ("PT-br;", "pt-BR"), ("zh-hant-tw", "zh-Hant-TW"), ("eng", "en"), ("Klingon?!", None),
        ("x" * 500, None), ("??", None),
    ],
)  # fmt: skip
def test_a_language_is_read_or_left_out(written: str, tag: str | None) -> None:
    [entry] = parse(rss(item(), head=f"<language>{written}</language>"))
    assert draft(entry).language in {tag, "tlh" if tag is None else tag}


@pytest.mark.parametrize(
    "written", ["Thu, 01 Jan 1970 00:00:00 GMT", "0000-00-00", "Sat, 01 Jan 9999 00:00:00 GMT", "?"]
)
def test_a_date_that_cannot_be_leaves_the_entry_undated(written: str) -> None:
    [entry] = parse(rss(item(pubDate=written)))
    assert draft(entry).published_at is None


def test_entries_of_one_id_are_told_apart_by_link_then_by_title() -> None:
    found = parse(
        rss(
            item(guid="x", link="https://a.example.org/1"),
            item(guid="x", link="https://a.example.org/2"),
            item(guid="x", title="No link"),
            item(guid="x", title="No link"),
        )
    )
    assert len({draft(one).key for one in found}) == 3


def test_the_address_of_the_site_is_no_id() -> None:
    one, two = (parse(rss(item(guid="https://a.example.org/", link=f"/{n}")))[0] for n in "12")
    assert draft(one).key != draft(two).key


def test_an_id_belongs_to_its_feed() -> None:
    one, two = (
        parse(rss(item(guid="1"), home=f"https://a.example.org/{name}/"))[0]
        for name in ("news", "jobs")
    )
    assert draft(one).key != draft(two).key


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("What &lt;T&gt; means", "What <T> means"),
        ("Vec&lt;u8&gt; &amp;amp; you", "Vec<u8> & you"),
        ("An &lt;em&gt;old&lt;/em&gt; &lt;a href='x'&gt;tale&lt;/a&gt;", "An old tale"),
        ("One&lt;br/&gt;two", "One two"),
        ("a?x=1&amp;copy=2", "a?x=1&copy=2"),
    ],
)
def test_a_title_that_speaks_of_markup_keeps_it(written: str, title: str) -> None:
    [entry] = parse(rss(item(title=written)))
    assert draft(entry).title == title


def test_a_podcast_may_have_nothing_but_its_enclosure() -> None:
    [entry] = parse(
        rss(item() + '<enclosure url="https://a.example.org/1.mp3" type="audio/mpeg" length="1"/>')
    )
    assert draft(entry).url == "https://a.example.org/1.mp3"


def test_what_nobody_wrote_is_left_out() -> None:
    text = "Words. […]\n<p>The post T appeared first on B.</p>"
    inner = item(description=text.replace("<", "&lt;"), category="Uncategorized")
    [entry] = parse(rss(inner))
    assert (draft(entry).summary, draft(entry).topics) == ("Words.", ())


@pytest.mark.parametrize(
    ("data", "charset"),
    [
        ("Ö".encode("windows-1251", "replace") + "Да".encode("windows-1251"), "windows-1251"),
        ("Да".encode(), "iso-8859-1"),
        ("Да".encode(), ""),
        ("Да".encode(), "no-such"),
        ("Да".encode("koi8-r"), "KOI8-R"),
    ],
)
def test_the_encoding_that_the_server_names_counts(data: bytes, charset: str) -> None:
    raw = rss(item(title="%")).encode().replace(b"%", data)
    [entry] = feeds.parse(raw, file="f", now=NOW, charset=charset).entries
    assert draft(entry).title.endswith("Да")


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


@pytest.mark.parametrize("quote", ["'", '"'])
def test_entities_made_of_entities_are_named_and_not_read(quote: str) -> None:
    nested = f"<!ENTITY a {quote}ha{quote}> <!ENTITY b\n{quote}&a;&a;{quote}>"
    start = '<?xml version="1.0" encoding="utf-8"?>'
    bomb = RSS.replace(start, f"{start}<!DOCTYPE r [{nested}]>").replace("Short", "&b;")
    with pytest.raises(InputError, match="entities that are made of entities"):
        parse(bomb)
    plain = f"<!DOCTYPE r [<!ENTITY a {quote}ha & ha{quote}><!ENTITY nbsp {quote}&#160;{quote}>]>"
    assert len(parse(RSS.replace(start, start + plain))) == len(parse(RSS))


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
