"""``newsletter picks`` and ``preview`` on the sample content."""

from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.cli import picks
from mailer.engagement import feedback
from recommender.models import Delivery, Story, Subscriber
from recommender.ranking.values import ReasonKind
from recommender.storage import database

from .conftest import Run, answer


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


def test_the_next_picks_are_of_the_edition_that_comes_first(newsletter: Run) -> None:
    before = answer(newsletter, "picks", "data@example.com")
    answer(newsletter, "editions", "plan", "--period", "2027-W20")
    assert answer(newsletter, "picks", "data@example.com")["edition"] == before["edition"]
    answer(newsletter, "editions", "plan")
    assert answer(newsletter, "picks", "data@example.com")["edition"] == before["edition"]


def test_preview_writes_what_would_be_sent(newsletter: Run) -> None:
    files = ("--html", "i.html", "--text", "i.txt", "--eml", "i.eml")
    assert newsletter("preview", "hardware@example.com", *files)[0] == 0
    assert b"List-Unsubscribe-Post" in Path("i.eml").read_bytes()
    assert "<html" in Path("i.html").read_text()
    assert "Unsubscribe" in Path("i.txt").read_text()


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


def test_picks_of_a_past_edition_are_what_the_reader_got(newsletter: Run, engine: Engine) -> None:
    who, week = "founder@example.com", ("--period", "2026-W48")
    status, _, err = newsletter("picks", who, *week)
    assert (status, err.count("\n"), "has not been planned" in err) == (1, 1, True)
    newsletter("editions", "plan", "--yes", *week)
    planned = answer(newsletter, "picks", who)
    newsletter("editions", "send", "--yes", *week)
    title = answer_more(engine, who)
    then = answer(newsletter, "picks", who, *week)
    names = ("position", "article", "story", "title", "score", "reasons")
    assert [[pick[name] for name in names] for pick in then["picks"]] == [
        [pick[name] for name in names] for pick in planned["picks"]
    ]
    assert (then["edition"], then["delivery"]["state"]) == ("weekly-2026-W48", "sent")
    assert [(p["title"], p["answers"]) for p in then["picks"] if p["answers"]] == [
        (title, ["more"])
    ]
    shown = newsletter("picks", who, *week, "--explain")[1]
    assert "the reader's answer: more like this" in shown


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


def test_every_kind_of_reason_has_its_words() -> None:
    assert set(picks.WORDS) == set(get_args(ReasonKind))


def test_picks_say_when_the_reader_is_not_mailed(newsletter: Run) -> None:
    reader = "hardware@example.com"
    assert answer(newsletter, "picks", reader)["not_mailed"] == ""
    newsletter("subscribers", "unsubscribe", reader)
    assert answer(newsletter, "picks", reader)["not_mailed"] == "unsubscribed"
    assert "not mailed at present: unsubscribed" in newsletter("picks", reader)[1]
    assert f"{reader} is not mailed at present: unsubscribed" in newsletter("preview", reader)[2]
    newsletter("newsletters", "add", "daily", "schedule=weekdays 07:30")
    newsletter("newsletters", "retire", "daily")
    said = newsletter("--newsletter", "daily", "picks", "founder@example.com")[1]
    assert "not mailed at present: daily is published no more" in said
