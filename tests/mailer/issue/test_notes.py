"""Editors' notes: Markdown in, plain text in blocks out."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mailer.issue import notes
from mailer.issue.cards import Issue
from mailer.issue.composition import ReaderView
from mailer.issue.notes import Span
from mailer.issue.size import weight
from tests.mailer.rendered import Renderer

from ..conftest import PUBLICATION

Make = Callable[..., Issue]
EVERYTHING = """# A *new* start

We are **back** from [Lisbon](https://example.com/ä?a=1&b=2),
as <https://example.com/plan> says.\\
Yours

- one
- two
  - three

1. first

> said
>
> so

---

    x = "<b>"

<script>alert(1)</script> ![a picture](https://example.com/a.png)
"""


def test_a_note_is_read_into_blocks_of_plain_text() -> None:
    blocks = notes.parse(EVERYTHING)
    assert [(block.kind, [line.text for line in block.lines]) for block in blocks] == [
        ("heading", ["A new start"]),
        (
            "paragraph",
            [
                "We are back from Lisbon (https://example.com/%C3%A4?a=1&b=2), as "
                "https://example.com/plan says.",
                "Yours",
            ],
        ),
        ("list", ["one", "two", "three"]),
        ("numbers", ["first"]),
        ("quote", ["said", "so"]),
        ("rule", []),
        ("code", ['x = "<b>"']),
        ("paragraph", ["<script>alert(1)</script> a picture"]),
    ]


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "/admin", "https://u:p@example.com/", ""]
)
def test_a_link_leads_to_the_web_or_nowhere(address: str) -> None:
    spans = [span for block in notes.parse(f"[go]({address})") for span in block.lines[0].spans]
    assert [span.url for span in spans] == [""]


def test_emphasis_in_a_link_does_not_make_two_of_it() -> None:
    [block] = notes.parse("[all *of* it](https://example.com) now")
    assert block.lines[0].spans == (Span("all of it", "https://example.com"), Span(" now"))


@pytest.mark.parametrize("text", ["", " \n", "\u200b", "<!-- -->" * 700, "[](https://example.com)"])
def test_a_note_that_says_nothing_or_too_much_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"says nothing|characters"):
        notes.check(text)


def test_a_note_stands_in_both_parts_and_is_never_markup(
    issue_of: Make, renderer: Renderer
) -> None:
    publication = replace(PUBLICATION, notes={None: EVERYTHING, "pilots": "For pilots"})
    issue = issue_of(["1", "2"], publication=publication)
    shown = renderer.render(issue)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown.html
    assert "<script" not in shown.html
    assert '<a href="https://example.com/%C3%A4?a=1&amp;b=2"' in shown.html
    assert "A new start\n-----------\n\nWe are back" in shown.text
    assert "  - two\n  - three\n\n  1. first\n\n  > said" in shown.text
    assert "pilots" not in shown.html + shown.text
    assert weight(issue) >= len(shown.html.encode())


def test_a_segments_note_is_below_the_one_for_everybody(issue_of: Make, renderer: Renderer) -> None:
    publication = replace(PUBLICATION, notes={"pilots": "For pilots", None: "For all", "b": "B"})
    issue = issue_of(["1"], publication=publication, reader=ReaderView(segments=("pilots", "gone")))
    assert "\n\nFor all\n\nFor pilots\n\n\n" in renderer.text(issue)
    assert "For pilots" not in renderer.text(issue_of(["1"], publication=publication))


def test_a_note_says_which_language_and_direction_it_has(
    issue_of: Make, renderer: Renderer
) -> None:
    publication = replace(PUBLICATION, notes={None: "שלום"})
    german = issue_of(["1"], publication=publication, reader=ReaderView(locale="de"))
    assert 'class="note" lang="en" dir="rtl"' in renderer.html(german)


def test_the_editors_subject_is_that_of_every_copy(issue_of: Make) -> None:
    publication = replace(PUBLICATION, subject="The chips\r\nBcc: x@example.com issue")
    assert issue_of(["2"], publication=publication).subject == "The chips Bcc: x@example.com issue"
