"""The tag of an envelope sender."""

from mailer.mime import return_path

SECRET = b"a secret of more than forty characters, really"


def test_a_tag_names_its_copy_in_any_case_and_nobody_else_makes_one() -> None:
    address = return_path.tagged("bounces@example.org", SECRET, 77)
    [tag] = return_path.tags(f"<{address.upper()}>")
    assert return_path.copy_of(tag, (b"a new secret", SECRET)) == 77
    assert return_path.copy_of(tag, (b"another",)) is None
    assert return_path.copy_of(tag[:-1] + "e", (SECRET,)) is None
    long = f"{'b' * 60}@example.org"
    assert return_path.tagged(long, SECRET, 77) == long
