"""The content of a letter is told from what belongs to its sending, and from advertisements."""

import time

from recommender.articles import newsletter_blocks


def test_advertisement_and_footer_are_left_out() -> None:
    blocks = newsletter_blocks.of_html(
        "<h2>Weirs</h2><p>They keep the level.</p><h2>Sponsored by Locks Ltd</h2><p>Buy locks!</p>"
        "<p>Really, buy.</p><h2>Dams</h2><p>What holds.</p><p>You are receiving this since you"
        " subscribed. <a href='https://x.example/u'>Unsubscribe</a></p><p>1 Example Street</p>"
    )
    found = newsletter_blocks.sections(blocks)
    assert [(one.title, one.text) for one in found] == [
        ("Weirs", ["They keep the level."]),
        ("Dams", ["What holds."]),
    ]


def test_what_is_hidden_or_silent_is_no_text() -> None:
    (block,) = newsletter_blocks.of_html(
        "<head><title>T</title><style>p{}</style></head><div style='display:none'>preheader<div>x"
        "</div></div><p>Seen.</p><script>alert(1)</script>"
    )
    assert block.text == "Seen."


def test_a_line_that_is_all_bold_or_all_link_is_a_heading() -> None:
    blocks = newsletter_blocks.of_html(
        "<p><b>Bold</b></p><p>Text with <b>bold</b>.</p><p><a href='https://a.example/'>Link</a></p>"
    )
    assert [(one.text, one.heading) for one in blocks] == [
        ("Bold", True),
        ("Text with bold .".replace(" .", "."), False),
        ("Link", True),
    ]
    assert blocks[2].links == ["https://a.example/"]


def test_hostile_markup_costs_time_that_grows_with_its_size_only() -> None:
    for piece in ("<div>", "</div>", "<a href='x", "<b>", "<p style='display:none'>", "<!--", "&#"):
        began = time.monotonic()
        newsletter_blocks.sections(newsletter_blocks.of_html(piece * (400_000 // len(piece))))
        assert time.monotonic() - began < 20, piece
