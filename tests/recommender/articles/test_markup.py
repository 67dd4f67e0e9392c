"""HTML becomes text."""

import time

import pytest

from recommender.articles import markup


@pytest.mark.parametrize(
    "section", ["<![CDA", "<![CDAontent:", "<![if x", "<![", "<![]]", "<![a[b"]
)
@pytest.mark.parametrize("after", ["", ">", "]]> after", " and <b>more</b>"])
def test_a_marked_section_of_any_kind_costs_nobody_the_words_before_it(
    section: str, after: str
) -> None:
    assert markup.text(f"<p>before</p>{section}{after}").startswith("before")


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("a < b & c", "a < b & c"),
        ("<p>One</p><p>Two &amp; three</p>", "One\n\nTwo & three"),
        ("x<script>bad()</script>y", "xy"),
        ("<div>a<br/>b</div>", "a\nb"),
        ("<b unclosed", "<b unclosed"),
        ("a<!-- <p>no</p> -->b<!-- never", "ab"),
        ("&lt;b&gt;", "<b>"),
    ],
)
def test_html_becomes_the_words_a_reader_sees(html: str, text: str) -> None:
    assert markup.text(html) == text


def test_tags_that_never_end_cost_no_more_than_their_length() -> None:
    def seconds(number: int) -> float:
        began = time.process_time()
        assert markup.text("<p>x</p>" + "<a " * number).startswith("x")
        return time.process_time() - began

    assert seconds(40_000) < 1
