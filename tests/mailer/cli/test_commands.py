"""The command line as its users meet it, on a store with the sample content."""

import pytest

from .conftest import Run, answer


def test_doctor_says_what_is_missing(newsletter: Run) -> None:
    status, out, _ = newsletter("doctor")
    assert status == 0
    assert "postal_address still has its example value" in out


def test_mail_to_real_people_needs_the_sender_to_be_set(
    newsletter: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_SMTP_URL", "smtp://mail.example.org")
    status, _, err = newsletter("editions", "send")
    assert (status, err.startswith("error: from: must be set")) == (1, True)
    assert answer(newsletter, "editions", "list")["editions"] == []  # nobody is planned before


def test_a_group_alone_shows_what_there_is(newsletter: Run) -> None:
    for group in ((), ("stories",), ("editions",)):
        status, out, err = newsletter(*group)
        assert (status, err) == (0, "")
        assert out.startswith("Usage: newsletter")
        assert "\nCommands:\n" in out


def test_no_table_is_broken_where_no_terminal_shows_it(newsletter: Run) -> None:
    _, out, _ = newsletter("stories", "list")
    ids = [story["id"] for story in answer(newsletter, "stories", "list")["stories"]]
    assert len(max(ids, key=len)) > 40
    assert all(name in out for name in ids)


@pytest.mark.parametrize(
    "arguments",
    [
        ("send-test", "nobody", "--as", "hardware@example.com"),
        ("segments", "create", "wrong", 'topic = "'),
        ("subscribers", "import", "nowhere.csv"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(newsletter: Run, arguments: tuple[str, ...]) -> None:
    status, _, err = newsletter(*arguments)
    assert (status, err.count("\n"), err.startswith("error: ")) == (1, 1, True)
    assert "should not have happened" not in err
