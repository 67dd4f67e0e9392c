"""The command line as its users meet it, on a store with the sample content."""

import pytest

from .conftest import Run


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
