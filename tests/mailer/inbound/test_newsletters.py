"""Other newsletters become articles: one mail one article, a digest its stories, nothing else."""

import base64
from datetime import UTC, datetime
from email.message import EmailMessage
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.inbound import newsletters
from recommender.articles.values import ArticleDraft, ParsedArticle
from recommender.errors import LeftOut, Rejected
from recommender.story_text import Image

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SENDERS = ("editor@canals.example", "@locks.example")
DIGEST = """<html><body><div style="display:none">Weirs, locks and more</div>
<table><tr><td><a href="https://canals.example/p/48">View in browser</a></td></tr>
<tr><td><h1>Canals weekly</h1></td></tr>
<tr><td><h2><a href="https://t.canals.example/?url={weir}">A weir that breathes</a></h2>
<img src="https://canals.example/weir.jpg" alt="A weir" width="600" height="300">
<p>An inflatable weir rises when the river falls, and lies flat when ice comes down.</p></td></tr>
<tr><td><p><strong>SPONSORED</strong></p><h2>Buy our boats</h2><p>They float, mostly, and they are
cheap as long as the season lasts.</p></td></tr>
<tr><td><h2>Locks without keepers</h2><p>Since spring the locks of the upper valley are worked from
one room, and boats wait longer. <a href="https://locks.example/keepers?utm_source=x">Read more</a>
</p></td></tr>
<tr><td><h2>Ice on the summit</h2><p>The summit level froze in November for the first time since
there are records, and nobody was surprised.</p><a href="https://ice.example/">More</a></td></tr>
<tr><td><p>You are receiving this email because you signed up. <a href="https://canals.example/u">
Unsubscribe</a></p><p>Canals Ltd, 1 Towpath</p></td></tr></table></body></html>"""


def mail(html: str = "", text: str = "", **fields: str) -> bytes:
    message = EmailMessage()
    known = {
        "From": "Canals weekly <editor@canals.example>",
        "Subject": "Week 48: weirs, locks & ice",
        "Date": "Mon, 23 Nov 2026 08:00:00 +0000",
        "Message-ID": "<48@canals.example>",
    }
    for name, value in (known | {key.replace("_", "-"): v for key, v in fields.items()}).items():
        message[name] = value
    message.set_content(text or "Look at it as HTML.")
    if html:
        message.add_alternative(html, subtype="html")
    return message.as_bytes()


def article(data: bytes) -> ArticleDraft:
    found = newsletters.parse(data, SENDERS, NOW)
    assert isinstance(found, ParsedArticle), found
    return found.draft


def test_a_digest_is_split_into_its_stories() -> None:
    weir = quote("https://weirs.example/breathes?id=1", safe="")
    draft = article(mail(DIGEST.replace("{weir}", weir)))
    assert (draft.key, draft.title, draft.source) == (
        "mail:48@canals.example", "Week 48: weirs, locks & ice", "Canals weekly",
    )  # fmt: skip
    assert draft.published_at == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    assert [(one.title, one.url) for one in draft.stories] == [
        ("A weir that breathes", "https://weirs.example/breathes?id=1"),
        ("Locks without keepers", "https://locks.example/keepers"),
        ("Ice on the summit", "https://ice.example/"),
    ]
    assert draft.stories[0].image == Image("https://canals.example/weir.jpg", "A weir", 600, 300)
    assert draft.stories[0].summary.startswith("An inflatable weir rises")
    shown = repr(draft)
    for left_out in ("Read more", "float", "Unsubscribe", "Towpath", "View in browser", "display"):
        assert left_out not in shown


def test_a_mail_about_one_thing_is_one_article() -> None:
    html = """<h1>Why weirs sing</h1><p>A weir sings when the air below its sheet of water moves
    with it, which engineers call nappe oscillation.</p><p>Splitters end it.</p>
    <p><a href="https://canals.example/p/sing">Comment on it</a></p>
    <p><a href="#">Unsubscribe</a></p>"""
    draft = article(mail(html, Subject="=?utf-8?q?Why_w=C3=A9irs_sing?="))
    assert (draft.title, draft.stories) == ("Why wéirs sing", ())
    assert draft.url == "https://canals.example/p/sing"
    assert draft.summary.startswith("A weir sings when")
    assert "Splitters end it." in draft.summary
    assert "nsubscribe" not in draft.summary


def test_a_digest_in_plain_text_is_split_too() -> None:
    text = "\n\n".join(
        f"{title}\n\nWhat there is to say of it takes more than forty characters, here.\n{url}"
        for title, url in (
            ("First thing", "https://a.example/1"),
            ("Second thing", "https://a.example/2"),
            ("Third thing", "https://a.example/3"),
        )
    )
    draft = article(mail(text=f"{text}\n\nTo unsubscribe, reply.\n"))
    assert [(one.title, one.url) for one in draft.stories] == [
        ("First thing", "https://a.example/1"),
        ("Second thing", "https://a.example/2"),
        ("Third thing", "https://a.example/3"),
    ]


@pytest.mark.parametrize(
    ("sender", "read"),
    [
        ("Anna <EDITOR@canals.example>", True),
        ("any.one@locks.example", True),
        ("editor@evil.example", False),
        ("editor@canals.example.evil.example", False),
        ('"editor@canals.example" <x@evil.example>', False),
        ("editor@canals.example, x@evil.example", False),
    ],
)
def test_only_listed_senders_are_read(sender: str, *, read: bool) -> None:
    found = newsletters.parse(mail(text="Words.", From=sender), SENDERS, NOW)
    assert isinstance(found, ParsedArticle if read else LeftOut)


def test_a_mail_without_words_is_named() -> None:
    empty = base64.b64encode(b" ").decode()
    data = f"From: editor@canals.example\nContent-Transfer-Encoding: base64\n\n{empty}\n".encode()
    found = newsletters.parse(data, SENDERS, NOW)
    assert isinstance(found, Rejected)
    assert found.why == "the mail has no text"


@given(st.binary(max_size=400))
def test_no_mail_breaks_the_reader(data: bytes) -> None:
    newsletters.parse(b"From: editor@canals.example\n" + data, SENDERS, NOW)
    newsletters.parse(mail(data.decode("latin-1").replace("\r", " ")), SENDERS, NOW)
