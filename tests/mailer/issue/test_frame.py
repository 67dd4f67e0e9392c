from mailer.issue.frame import Frame


def test_what_a_publisher_says_is_clean_and_of_bearable_length() -> None:
    frame = Frame(tagline="A\u202e line\x07", footer="word " * 500)
    assert frame.tagline == "A line"
    assert len(frame.footer) <= 600
