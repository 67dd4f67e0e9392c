"""The command line as its users meet it, on a store with the sample content."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.engagement import feedback
from recommender.models import Delivery, Story, Subscriber
from recommender.storage import database

Run = Callable[..., tuple[int, str, str]]


def answer(newsletter: Run, *arguments: str) -> dict[str, Any]:
    status, out, err = newsletter(*arguments, "--json")
    assert (status, err) == (0, "")
    found: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
    return found


def test_init_writes_settings_that_are_read_back(newsletter: Run) -> None:
    text = Path("newsletter.toml").read_text()
    assert "# picks = 6" in text
    assert newsletter("articles", "list")[0] == 0
    assert newsletter("init")[0] == 0
    assert Path("newsletter.toml").read_text() == text


def test_picks_have_the_promised_shape(newsletter: Run) -> None:
    found = answer(newsletter, "picks", "hardware@example.com")
    assert set(found) >= {"subscriber", "edition", "picks", "runners_up"}
    keys = {"position", "article", "story", "title", "score", "reasons"}
    assert [set(pick) for pick in found["picks"]] == [keys] * len(found["picks"])
    assert [pick["position"] for pick in found["picks"]] == list(range(1, len(found["picks"]) + 1))
    for pick in found["picks"]:
        assert abs(sum(reason["share"] for reason in pick["reasons"]) - 1) < 1e-6


def test_the_hardware_reader_gets_the_tpu_story_and_the_founder_neural_software(
    newsletter: Run,
) -> None:
    assert "TPU" in answer(newsletter, "picks", "hardware@example.com")["picks"][0]["title"]
    lead = answer(newsletter, "picks", "founder@example.com")["picks"][0]["title"]
    assert "Neural Software" in lead


def test_no_two_sample_readers_get_the_same_issue(newsletter: Run) -> None:
    readers = answer(newsletter, "subscribers", "list")["subscribers"]
    issues = [
        tuple(pick["story"] for pick in answer(newsletter, "picks", reader["email"])["picks"])
        for reader in readers
    ]
    assert len(readers) == 12
    assert len(set(issues)) == 12


def test_picks_explain_reads_well(newsletter: Run) -> None:
    status, out, _ = newsletter("picks", "hardware@example.com", "--explain")
    assert status == 0
    assert "topic: TPU Development" in out
    assert "Not chosen" in out
    _, out, _ = newsletter("picks", "hardware@example.com", "--story", "error-budgets")
    assert "Error Budget" in out


def test_the_next_picks_are_those_that_were_planned(newsletter: Run) -> None:
    before = answer(newsletter, "picks", "data@example.com")
    answer(newsletter, "editions", "plan")
    after = answer(newsletter, "picks", "data@example.com")
    assert [p["story"] for p in after["picks"]] == [p["story"] for p in before["picks"]]
    assert after["planned"]


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


def test_a_withdrawn_article_is_not_chosen(newsletter: Run) -> None:
    lead = answer(newsletter, "picks", "sre@example.com")["picks"][0]
    newsletter("articles", "withdraw", lead["article"])
    after = answer(newsletter, "picks", "sre@example.com")["picks"]
    assert lead["article"] not in [pick["article"] for pick in after]


def test_preview_writes_what_would_be_sent(newsletter: Run) -> None:
    files = ("--html", "i.html", "--text", "i.txt", "--eml", "i.eml")
    assert newsletter("preview", "hardware@example.com", *files)[0] == 0
    assert b"List-Unsubscribe-Post" in Path("i.eml").read_bytes()
    assert "<html" in Path("i.html").read_text()
    assert "Unsubscribe" in Path("i.txt").read_text()


def test_a_test_copy_touches_no_ledger(newsletter: Run) -> None:
    status, out, _ = newsletter("send-test", "me@example.com", "--as", "hardware@example.com")
    assert (status, "accepted" in out) == (0, True)
    [path] = Path("outbox/test").iterdir()
    assert b"To: <me@example.com>" in path.read_bytes()
    assert answer(newsletter, "editions", "list")["editions"] == []


def test_readers_come_out_as_they_went_in(newsletter: Run) -> None:
    assert newsletter("subscribers", "export", "all.csv")[0] == 0
    assert newsletter("subscribers", "export", "all.jsonl")[0] == 0
    for file in ("all.csv", "all.jsonl"):
        assert answer(newsletter, "subscribers", "import", file)["unchanged"] == 12


def test_a_reader_from_adding_to_erasing(newsletter: Run) -> None:
    newsletter("subscribers", "add", "New@example.com", "--role", "CTO", "--topic", "Data:3")
    held = answer(newsletter, "subscribers", "show", "new@example.com")
    assert (held["status"], held["roles"]) == ("active", ["CTO"])
    assert held["consent"][0]["source"] == "admin"
    newsletter("subscribers", "update", "new@example.com", "--name", "Reader")
    assert answer(newsletter, "subscribers", "show", "new@example.com")["name"] == "Reader"
    assert newsletter("subscribers", "erase", "new@example.com")[0] == 1  # wants a yes
    assert newsletter("subscribers", "erase", "new@example.com", "--yes")[0] == 0
    assert newsletter("subscribers", "show", "new@example.com")[0] == 1
    assert newsletter("subscribers", "add", "new@example.com")[0] == 1


def test_topics_can_be_added_named_otherwise_and_merged(newsletter: Run) -> None:
    assert newsletter("topics", "add", "Left-handed Keyboards", "--definition", "Keys.")[0] == 0
    assert newsletter("topics", "alias", "Left-handed Keyboards", "LHK")[0] == 0
    found = answer(newsletter, "topics", "list", "--search", "lhk")["topics"]
    assert [topic["name"] for topic in found] == ["Left-handed Keyboards"]
    assert newsletter("topics", "merge", "Left-handed Keyboards", "AI Hardware")[0] == 0
    [found_now] = answer(newsletter, "topics", "list", "--search", "lhk")["topics"]
    assert found_now["name"] == "AI Hardware"


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


def test_a_readers_own_terms_are_set_shown_and_kept(newsletter: Run) -> None:
    who = "founder@example.com"
    terms = ("--frequency", "fortnightly", "--day", "mon", "--hour", "7")
    assert newsletter("subscribers", "update", who, *terms)[0] == 0
    assert newsletter("subscribers", "update", who, "--name", "F")[0] == 0
    shown = json.loads(newsletter("subscribers", "show", who, "--json")[1])
    assert (shown["frequency"], shown["day"], shown["hour"]) == ("fortnightly", "monday", 7)
    assert newsletter("subscribers", "export", "all.csv")[0] == 0
    answer = json.loads(newsletter("subscribers", "import", "all.csv", "--json")[1])
    assert answer["unchanged"] == answer["read"]
    status, _, error = newsletter("subscribers", "update", who, "--hour", "26")
    assert (status, error) == (1, "error: hour: '26' is not a full hour from 0 to 23\n")


def test_each_command_that_changes_a_status_leaves_its_proof(newsletter: Run) -> None:
    who = "founder@example.com"
    newsletter("subscribers", "update", who, "--status", "paused")
    newsletter("subscribers", "update", who, "--status", "active")
    newsletter("subscribers", "unsubscribe", who)
    newsletter("subscribers", "suppress", "hardware@example.com", "--reason", "complaint")
    log = json.loads(newsletter("subscribers", "export", "--email", who)[1])["consent"]
    assert [event["after"] for event in log] == ["active", "paused", "active", "unsubscribed"]
    assert all(event["proof"] and event["at"] and event["source"] for event in log)
    other = json.loads(newsletter("subscribers", "show", "hardware@example.com", "--json")[1])
    assert other["consent"][-1]["source"] == "complaint"
    assert other["consent"][-1]["proof"] == {"command": "subscribers suppress"}


def test_erasing_takes_the_files_of_the_outbox_along(newsletter: Run) -> None:
    who = "founder@example.com"
    assert newsletter("editions", "send", "--yes", "--period", "2026-W48")[0] == 0
    assert list(Path("outbox").glob(f"*/*{who}.eml"))
    status, out, _ = newsletter("subscribers", "erase", who, "--yes")
    said, beyond = out.splitlines()
    assert (status, said) == (0, f"{who}: erased, files removed: 1")
    assert beyond.startswith("not reached: backups and exports made before")
    assert not list(Path("outbox").glob(f"*/*{who}.eml"))
    assert newsletter("subscribers", "show", who)[0] == 1
    status, _, error = newsletter("subscribers", "add", who)
    assert status == 1
    assert "suppressed (erased)" in error


def test_picks_name_the_answers_they_learned_from(newsletter: Run, engine: Engine) -> None:
    who = "founder@example.com"
    newsletter("editions", "send", "--yes", "--period", "2026-W48")
    before = newsletter("picks", who, "--explain")[1]
    assert "Learned from" not in before
    title = answer_more(engine, who)
    after = newsletter("picks", who, "--explain")[1]
    assert after != before
    assert f"more like this: {title}" in after.partition("Learned from")[2]
    assert f"more like this: {title}" in after.partition("Not chosen")[0]  # as a reason of a pick


def answer_more(engine: Engine, who: str) -> str:
    """The reader wants more like the first story of their issue; its title."""
    with database.writing(engine) as session:
        delivery = session.scalars(
            sa.select(Delivery).join(Subscriber).where(Subscriber.email == who)
        ).one()
        feedback.record_feedback(
            session, delivery, delivery.story_ids[0], "more", datetime(2026, 11, 25, tzinfo=UTC)
        )
        return session.get_one(Story, delivery.story_ids[0]).title


def test_related_stories_are_those_of_other_articles_on_the_same_subject(newsletter: Run) -> None:
    found = answer(newsletter, "articles", "related", "write-ahead-log-promises", "--limit", "3")
    assert found["article"] == "write-ahead-log-promises"
    scores = [story["score"] for story in found["related"]]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)
    assert all(story["article"] != found["article"] for story in found["related"])
    assert "event-time-watermarks" in [story["article"] for story in found["related"]]


def test_a_folder_of_readers_is_walked_and_what_is_no_list_is_named(newsletter: Run) -> None:
    folder = Path("lists/inner")
    folder.mkdir(parents=True)
    Path("lists/one.csv").write_text("email\none@example.com\nnot an address\n")
    (folder / "two.jsonl").write_text('{"email": "two@example.com"}\n')
    (folder / "three.csv").write_text("")
    status, out, err = newsletter("subscribers", "import", "lists", "--json")
    found = json.loads(out.strip().splitlines()[-1])
    assert (status, found["read"], found["added"]) == (1, 3, 2)
    named = [(one["file"], one["line"]) for one in found["rejected"]]
    assert named == [("lists/inner/three.csv", None), ("lists/one.csv", 3)]
    assert "Traceback" not in err


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
