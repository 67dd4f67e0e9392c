"""A trouble is one line: what is the matter with which thing, and what to do."""

from mailer.monitoring.trouble import Kind, Trouble


def test_its_words_name_the_thing_first() -> None:
    one = Trouble(Kind.DISK, "/srv", "has only 5.0 MB left", "make room")
    assert one.words == "/srv has only 5.0 MB left; make room"
    assert all(len(kind) <= 24 for kind in Kind)  # what the store takes
