"""Relays and mailboxes are asked, and what they say is a finding."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from mailer.diagnosis import mail
from recommender.settings import Settings
from tests.mailer.conftest import ScriptedServer
from tests.providers import Provider, running


def test_a_relay_that_answers_is_well_and_one_that_does_not_says_what_to_do(
    serve: Callable[..., ScriptedServer],
) -> None:
    well = f"smtp://127.0.0.1:{serve().port}"
    found = mail.check_relays(Settings(smtp_url=f"{well},smtp://127.0.0.1:9"))
    assert [one.state for one in found] == ["ok", "error"]
    assert "takes no mail" in found[1].found
    assert "smtp_url" in found[1].what_to_do


def test_a_provider_that_cannot_report_bounces_is_named() -> None:
    with running(Provider()) as provider:
        kinds = {kind: provider.url(kind) for kind in mail.REPORTS}
        for kind, url in kinds.items():
            found = mail.check_relays(Settings(smtp_url=url))
            assert [one.state for one in found] == ["ok", "warning"]
            assert mail.REPORTS[kind] in found[1].what_to_do
        set_up = Settings(smtp_url=kinds["ses"], hooks_ses_topic="arn:aws:sns:eu-west-1:1:x")
        assert [one.state for one in mail.check_relays(set_up)] == ["ok"]
    assert set(mail.REPORTS.values()) <= set(Settings.model_fields)


def test_a_mailbox_that_is_none_is_an_error(tmp_path: Path) -> None:
    [one] = mail.check_mailboxes(Settings(bounce_mailbox=str(tmp_path)))
    assert (one.state, "is not a Maildir" in one.found) == ("error", True)
    assert mail.check_mailboxes(Settings()) == []


def test_a_message_as_it_would_be_sent_holds_the_rules(tmp_path: Path, now: datetime) -> None:
    [one] = mail.check_message(Settings(home=tmp_path), now)
    assert (one.state, one.what) == ("ok", "message")


def test_what_follows_from_an_address_of_the_pages_is_said_once_a_rule(
    tmp_path: Path, now: datetime
) -> None:
    found = mail.check_message(Settings(home=tmp_path, base_url="http://127.0.0.1:8000"), now)
    names = [one.what for one in found]
    assert len(names) == len(set(names)) > 1
    assert all("set it to your https address" in one.what_to_do for one in found)
    [links] = [one.found for one in found if one.what == "links go to the web"]
    assert "more)" in links
