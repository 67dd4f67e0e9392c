"""The text of an article is told from the rest of its page, in bounded time."""

from dataclasses import replace

import pytest

from recommender.articles import full_text
from recommender.articles.full_text import PageText
from recommender.articles.values import ArticleDraft
from recommender.safety.isolation import Isolation
from recommender.story_text import Image

pytest.importorskip("trafilatura", reason="the extra fulltext is missing")

SENTENCES = [
    f"A weir of {n} metres keeps the level of the river so that boats may pass." for n in range(9)
]
PAGE = f"""<html><head><title>Weirs</title><meta property="og:image" content="/weir.jpg"></head>
<body><nav><a href="/">Home</a> <a href="/about">About us</a></nav><article><h1>Weirs</h1>
{"".join(f"<p>{one}</p>" for one in SENTENCES)}<script>alert(1)</script></article>
<footer>Subscribe to our newsletter. Cookies.</footer></body></html>"""
SHORT = ArticleDraft("a", title="Weirs", summary="What they do.", url="https://w.example/a")


def test_text_and_picture_of_a_page() -> None:
    with Isolation() as isolation:
        page = isolation.run(full_text.read, PAGE.encode(), "https://w.example/a", "")
    assert all(sentence in page.text for sentence in SENTENCES)
    for other in ("About us", "alert", "Cookies", "<p>"):
        assert other not in page.text
    assert page.image == Image("https://w.example/weir.jpg")


@pytest.mark.parametrize("page", [b"", b"\x00\xff", b"<", b"<html>" * 50_000, b"<p>" * 100_000])
def test_what_is_no_page_has_no_text(page: bytes) -> None:
    assert full_text.read(page, "https://w.example/a", "no-such-charset").text == ""


def test_an_entry_takes_what_its_page_has_more() -> None:
    page = PageText(" ".join(SENTENCES), Image("https://w.example/weir.jpg"))
    draft = full_text.completed(SHORT, page)
    assert (draft.summary, draft.body, draft.image) == (SHORT.summary, page.text, page.image)
    own = replace(SHORT, summary="", image=Image("https://w.example/own.jpg"))
    draft = full_text.completed(own, page)
    assert draft.summary.startswith(SENTENCES[0])
    assert len(draft.summary) <= full_text.MAX_SUMMARY
    assert draft.image == own.image
    assert full_text.completed(SHORT, PageText("Less.")) == SHORT
