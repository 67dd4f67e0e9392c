"""Relays and mailboxes are asked, and what they say is a finding."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from mailer.diagnosis import mail
from recommender.settings import Settings
from tests.mailer.conftest import ScriptedServer


def test_a_relay_that_answers_is_well_and_one_that_does_not_says_what_to_do(
    serve: Callable[..., ScriptedServer],
) -> None:
    well = f"smtp://127.0.0.1:{serve().port}"
    found = mail.check_relays(Settings(smtp_url=f"{well},smtp://127.0.0.1:9"))
    assert [one.state for one in found] == ["ok", "error"]
    assert "takes no mail" in found[1].found
    assert "smtp_url" in found[1].what_to_do


def test_a_mailbox_that_is_none_is_an_error(tmp_path: Path) -> None:
    [one] = mail.check_mailboxes(Settings(bounce_mailbox=str(tmp_path)))
    assert (one.state, "is not a Maildir" in one.found) == ("error", True)
    assert mail.check_mailboxes(Settings()) == []


def test_a_message_as_it_would_be_sent_holds_the_rules(tmp_path: Path, now: datetime) -> None:
    [one] = mail.check_message(Settings(home=tmp_path), now)
    assert (one.state, one.what) == ("ok", "message")
