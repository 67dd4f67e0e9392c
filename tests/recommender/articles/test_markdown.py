"""Inline Markdown and HTML become clean text, links keep their addresses, no word is lost."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.articles import markdown


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("See [it](https://a.example.org/p) *now*.", "See it (https://a.example.org/p) now."),
        ("[A](https://a.example.org/(y) 'T') ![alt](b.png)", "A (https://a.example.org/(y)) alt"),
        ("[here](/p) [mail](mailto:a@example.org)", "here mail"),
        ("<https://a.example.org/>", "https://a.example.org/"),
        ("**Bold**, __bold__, *it*, _it_, ~~gone~~", "Bold, bold, it, it, gone"),
        ("`a_b*c*` and ``x``", "a_b*c* and x"),
        ("2 * 3 * 4, snake_case_name, a*b", "2 * 3 * 4, snake_case_name, a*b"),
        (r"\*not\* \$5 C:\dir", r"*not* $5 C:\dir"),
        ("<b>B</b> <em>e <i>f</i></em><br>g", "B e f g"),
        ('<a href="https://a.example.org">A</a>', "A (https://a.example.org)"),
        ("Vec<T> and x < y > z", "Vec<T> and x < y > z"),
        ("seen <!-- not --> too", "seen  too"),
    ],
)  # fmt: skip
def test_prose_is_what_a_reader_sees(written: str, text: str) -> None:
    assert markdown.plain(written) == text


def test_html_in_a_title_is_text() -> None:
    assert markdown.plain("<b>B</b> *c*", html=False) == "<b>B</b> c"


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="abc XYZ*_`~[]()!\\.", max_size=80))
def test_no_word_is_lost(text: str) -> None:
    def letters(of: str) -> str:
        return re.sub(r"[^A-Za-z]", "", of)

    # A link that leads nowhere on the web loses its address, and nothing else is lost.
    written = re.sub(r"\]\([^\n]*", "]", text)
    assert letters(markdown.plain(written)) == letters(written)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "unit",
    ["[", "[a](", "![", "*a", "**", "_", "`", "<a ", "<b>", "~~a", "<!--", "](", "<a href=http://"],
)
def test_time_grows_with_the_text_alone(unit: str) -> None:
    assert markdown.plain(unit * (400_000 // len(unit)))
