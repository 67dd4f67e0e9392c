"""`editions send` asks before it mails many, and a week that is not this one is sent on purpose."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pytest

from .conftest import Run

RELAY = "smtp://relay.example.net:2525?starttls=never"
REAL = {
    "NEWSLETTER_FROM": "News <news@example.org>",
    "NEWSLETTER_BASE_URL": "https://news.example.org",
    "NEWSLETTER_POSTAL_ADDRESS": "1 Quay, Port",
    "NEWSLETTER_PROCESSES": "1",
    "NEWSLETTER_TIMEOUT_SECONDS": "1",
}
NOTHING: Mapping[str, str] = MappingProxyType({})
QUESTION = "to 12 readers through relay.example.net? [y/N]"


def send(*options: str, relay: str | None, typed: bytes | None) -> tuple[int, str]:
    """Send in a process of its own; with ``typed`` on a terminal, on which somebody types that."""
    environment = REAL | ({"NEWSLETTER_SMTP_URL": relay} if relay else {})
    return on_a_terminal(["editions", "send", *options], typed=typed, environment=environment)


def on_a_terminal(
    arguments: Sequence[str], *, typed: bytes | None, environment: Mapping[str, str] = NOTHING
) -> tuple[int, str]:
    """Status and output of a command in a process of its own, as ``send``."""
    command = [sys.executable, "-m", "mailer", *arguments]
    ours = theirs = None
    if typed is not None:
        ours, theirs = pty.openpty()
        os.write(ours, typed)
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL if theirs is None else theirs,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=100,
        check=False,
    )
    for handle in (ours, theirs):
        if handle is not None:
            os.close(handle)
    return done.returncode, done.stdout + done.stderr


def planned(newsletter: Run) -> int:
    return len(json.loads(newsletter("editions", "list", "--json")[1])["editions"])


def test_no_on_a_terminal_plans_and_sends_nothing(newsletter: Run) -> None:
    status, shown = send(relay=RELAY, typed=b"n\n")
    assert status == 1
    assert QUESTION in shown
    assert shown.endswith("error: aborted\n")
    assert planned(newsletter) == 0


@pytest.mark.parametrize(
    ("options", "typed"), [(("--yes",), b""), ((), None)], ids=["with --yes", "without a terminal"]
)
def test_nobody_is_asked_with_yes_or_without_a_terminal(
    newsletter: Run, options: tuple[str, ...], typed: bytes | None
) -> None:
    _, shown = send(*options, relay=RELAY, typed=typed)
    assert QUESTION not in shown
    assert planned(newsletter) == 1


@pytest.mark.parametrize("relay", [None, "smtp://127.0.0.1:1?starttls=never"])
def test_mail_that_stays_on_this_machine_is_not_asked_about(
    newsletter: Run, relay: str | None
) -> None:
    _, shown = send(relay=relay, typed=b"n\n")
    assert "[y/N]" not in shown
    assert planned(newsletter) == 1


def test_ten_readers_are_not_asked_about(newsletter: Run) -> None:
    newsletter("segments", "create", "some", 'role = "CTO"')
    _, shown = send("--segment", "some", relay=RELAY, typed=b"n\n")
    assert "[y/N]" not in shown


@pytest.mark.parametrize("period", ["2020-W01", "2099-W01"])
def test_another_week_needs_yes(newsletter: Run, period: str) -> None:
    status, _, error = newsletter("editions", "send", "--period", period)
    assert status == 2
    assert "--yes" in error
    assert planned(newsletter) == 0
    assert newsletter("editions", "send", "--period", period, "--yes")[0] == 0
    assert planned(newsletter) == 1


def test_who_is_not_in_it_yet_is_counted_and_who_cannot_be_is_named(newsletter: Run) -> None:
    newsletter("segments", "create", "some", 'role = "CTO"')
    newsletter("subscribers", "unsubscribe", "founder@example.com")
    assert newsletter("editions", "send", "--segment", "some")[0] == 0
    document = json.loads(newsletter("editions", "show", "--json")[1])
    readers = document["totals"]["readers"]
    assert document["not_in_it_yet"] == 11 - readers
    assert document["not_mailable"] == {"unsubscribed": 1}
    text = newsletter("editions", "show")[1]
    assert f"not in it yet{' ' * 16}{11 - readers}"[:13] in text
    assert "not to be mailed (unsubscribed)" in text


@pytest.mark.parametrize(
    ("command", "left"),
    [
        (["editions", "cancel"], ("editions", "show")),
        (["newsletters", "retire", "daily"], ("newsletters", "show", "daily")),
    ],
)
def test_what_is_for_good_is_asked_on_a_terminal(
    newsletter: Run, command: list[str], left: tuple[str, ...]
) -> None:
    newsletter("newsletters", "add", "daily", "schedule=weekdays 07:30")
    newsletter("editions", "plan")
    status, shown = on_a_terminal(command, typed=b"n\n")
    assert status == 1
    assert "for good? [y/N]" in shown
    assert not {"cancelled", "retired"} & set(newsletter(*left)[1].split())
    assert newsletter(*command, "--yes")[0] == 0
    assert {"cancelled", "retired"} & set(newsletter(*left)[1].split())
