"""``newsletter editions`` and ``send-test`` on the sample content."""

import email
import email.policy
import re
from pathlib import Path

from mailer.links import Links, Scope
from recommender import settings

from .conftest import Run, answer


def test_an_edition_from_plan_to_report(newsletter: Run) -> None:
    planned = answer(newsletter, "editions", "plan", "--yes", "--period", "2026-W48")
    assert (planned["state"], planned["totals"]["readers"]) == ("planned", 12)
    sent = answer(newsletter, "editions", "send", "--yes", "--period", "2026-W48")
    assert {k: sent[k] for k in ("due", "sent", "failed", "deferred", "skipped", "in_doubt")} == {
        "due": 12, "sent": 12, "failed": 0, "deferred": 0, "skipped": {}, "in_doubt": 0,
    }  # fmt: skip
    report = answer(newsletter, "editions", "report", "--period", "2026-W48")
    assert (report["state"], report["troubles"]) == ("finished", [])
    assert len(list(Path("outbox/weekly-2026-W48").glob("*.eml"))) == 12


def test_a_paused_edition_is_not_sent_until_it_is_resumed(newsletter: Run) -> None:
    answer(newsletter, "editions", "plan", "--yes", "--period", "2026-W48")
    newsletter("editions", "pause", "--period", "2026-W48")
    held = answer(newsletter, "editions", "send", "--yes", "--period", "2026-W48")
    assert (held["state"], held["sent"], held["deferred"]) == ("paused", 0, 12)
    newsletter("editions", "resume", "--period", "2026-W48")
    assert answer(newsletter, "editions", "send", "--yes", "--period", "2026-W48")["sent"] == 12


def test_a_cancelled_edition_is_over(newsletter: Run) -> None:
    answer(newsletter, "editions", "plan", "--yes", "--period", "2026-W48")
    newsletter("editions", "cancel", "--period", "2026-W48")
    assert answer(newsletter, "editions", "send", "--yes", "--period", "2026-W48")["sent"] == 0
    status, _, err = newsletter("editions", "resume", "--period", "2026-W48")
    assert (status, err.startswith("error: ")) == (1, True)


def test_an_edition_for_a_segment_goes_to_that_segment(newsletter: Run) -> None:
    rule = 'role in ("Hardware Engineer", "Data Engineer")'
    assert newsletter("segments", "create", "builders", rule)[0] == 0
    sent = answer(newsletter, "editions", "send", "--segment", "builders")
    assert sent["sent"] == 2
    status, _, err = newsletter(
        "editions", "send", "--segment", "builders", "--period", "2026-W01", "--yes"
    )
    assert (status, err) == (0, "")


def test_who_leaves_after_planning_gets_nothing(newsletter: Run) -> None:
    answer(newsletter, "editions", "plan")
    newsletter("subscribers", "suppress", "cto@example.com")
    newsletter("subscribers", "unsubscribe", "ml@example.com")
    sent = answer(newsletter, "editions", "send")
    assert (sent["sent"], sent["skipped"]) == (10, {"suppressed": 1, "unsubscribed": 1})


def test_a_test_copy_of_what_is_planned_cannot_act_for_its_reader(
    newsletter: Run,
) -> None:
    answer(newsletter, "editions", "plan")
    assert newsletter("send-test", "me@example.com", "--as", "hardware@example.com")[0] == 0
    [path] = Path("outbox/test").iterdir()
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    links = re.findall(r"https?://\S+", body.get_content())
    assert not any("/c/" in link for link in links)  # stories are linked directly
    found = settings.load(None)
    scopes: tuple[Scope, ...] = ("unsubscribe", "preferences", "view")
    for scope in scopes:
        [link] = [one for one in links if f"/{scope}/" in one]
        token = link.rpartition("/")[2]
        assert Links(found.base_url, found.secrets).of_test(scope, token)


def test_a_test_copy_touches_no_ledger(newsletter: Run) -> None:
    status, out, _ = newsletter("send-test", "me@example.com", "--as", "hardware@example.com")
    assert (status, "accepted" in out) == (0, True)
    [path] = Path("outbox/test").iterdir()
    message = path.read_bytes()
    assert b"To: <me@example.com>" in message
    assert b"\nSubject: [Test] " in message
    assert answer(newsletter, "editions", "list")["editions"] == []
