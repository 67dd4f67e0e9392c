"""What is sent is what is measured: planning chooses what ``rank`` finds in the same files."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.cli import run
from mailer.edition import planning
from mailer.preview import reader_issues
from mailer.rendering.templates import Template
from recommender import settings
from recommender.articles import edits, related
from recommender.datasets import store_export
from recommender.models import Delivery, EditKind, Event, EventKind, Story, Subscriber
from recommender.settings import Settings
from recommender.storage import database
from tests.promises.conftest import add_readers, add_stories

READERS = 40
WEEKS = ("", " older", " oldest")


@pytest.fixture
def read_in(store: Engine, now: datetime) -> Settings:
    """A store with three weeks of stories and readers who answered some of the older ones, who
    also typed a topic of their own, and one who changed their mind; a few read German only, and
    every fourth story is German."""
    for age, label in enumerate(WEEKS):
        add_stories(store, now - timedelta(days=1 + 40 * age), label)
    add_readers(store, now - timedelta(days=100), READERS)
    with database.writing(store) as session:
        for number, one in enumerate(session.scalars(sa.select(Story).order_by(Story.id))):
            one.article.language = "de-AT" if number % 4 == 0 else "en"
        stories = list(session.scalars(sa.select(Story.id).order_by(Story.id)))[8:]
        for number, reader in enumerate(session.scalars(sa.select(Subscriber.id))):
            if number % 8 == 3:
                session.get_one(Subscriber, reader).languages = ["de"]
            for turn in range(number % 7):
                at = now - timedelta(days=20, minutes=turn)
                story = stories[(number % 5 + 3 * turn) % len(stories)]
                kind = (EventKind.CLICK, EventKind.MORE, EventKind.LESS)[turn % 3]
                session.add(Event(at=at, kind=kind, subscriber_id=reader, story_id=story))
    return settings.load(environment={})


def ranked(engine: Engine, folder: Path, now: datetime) -> dict[str, Any]:
    """The picks of ``rank --as-issue`` on the exported store, by reader."""
    articles, readers, out = (folder / name for name in ("a.jsonl", "s.jsonl", "p.jsonl"))
    with database.reading(engine) as session:
        with articles.open("w") as file:
            store_export.write(file, store_export.articles(session, now))
        with readers.open("w") as file:
            store_export.write(file, store_export.readers(session, sa.true()))
    command = ["rank", "--articles", articles, "--subscribers", readers, "--out", out]
    command += ["--as-issue", "--now", now.isoformat(), "--seed", "weekly-2026-W48", "--top", "6"]
    since = now - timedelta(days=settings.load(environment={}).horizon_days)
    assert run([*map(str, command), "--since", since.isoformat()]) == 0
    lines = map(json.loads, out.read_text().splitlines())
    return {
        line["subscriber"]: [
            (p["article"], p["story"], p["score"], p["reasons"]) for p in line["picks"]
        ]
        for line in lines
    }


@pytest.mark.parametrize("edited", [False, True])
def test_a_planned_edition_is_what_rank_finds_in_the_exported_files(
    store: Engine,
    read_in: Settings,
    template: Template,
    now: datetime,
    tmp_path: Path,
    edited: bool,
) -> None:
    if edited:
        with database.writing(store) as session:
            one, other = session.scalars(sa.select(Story).order_by(Story.id).limit(2))
            for story, kind, value in (
                (one, EditKind.TITLE, "Words of an editor"),
                (one, EditKind.TOPICS, ["Robotics Automation", "Brass Bands"]),
                (other, EditKind.PIN, None),
            ):
                edits.make(session, story, kind, value, by="editor", now=now)
    expected = ranked(store, tmp_path, now)
    planning.plan(store, read_in.replace(picks=6), template, period="2026-W48", now=now)
    with database.reading(store) as session:
        names = {row.id: (row.article.key, row.key) for row in session.scalars(sa.select(Story))}
        told = {row.article.key: row.article.language for row in session.scalars(sa.select(Story))}
        rows = session.execute(
            sa.select(Subscriber.email, Delivery.picks).join(
                Delivery, Delivery.subscriber_id == Subscriber.id
            )
        ).all()
    assert len(rows) == READERS
    for email, picks in rows:
        assert [(*names[p["story"]], p["score"]) for p in picks] == [
            (article, story, pytest.approx(score, abs=2e-6))
            for article, story, score, _ in expected[email]
        ]
        assert [[(r[0], " ".join(r[1].split())) for r in p["reasons"]] for p in picks] == [
            [(r["kind"], r["detail"]) for r in reasons] for *_, reasons in expected[email]
        ]
    german = {article for article, language in told.items() if language == "de-AT"}
    reading = [email for email in expected if int(email[6:].split("@")[0]) % 8 == 3]
    assert any(expected[email] for email in reading)
    assert {pick[0] for email in reading for pick in expected[email]} <= german
    assert any(
        r["kind"] == "history" for picks in expected.values() for *_, rs in picks for r in rs
    )


def test_what_editors_hold_is_in_no_exported_file(
    store: Engine, read_in: Settings, now: datetime
) -> None:
    with database.writing(store) as session:
        story = session.scalars(sa.select(Story).order_by(Story.id).limit(1)).one()
        held = story.article.key
        assert held in [line["id"] for line in store_export.articles(session, now)]
    with database.writing(store) as session:
        edits.make(session, session.get_one(Story, story.id), EditKind.HOLD, by="e", now=now)
    with database.reading(store) as session:
        assert held not in [line["id"] for line in store_export.articles(session, now)]


def test_a_preview_and_planning_choose_alike(
    store: Engine, read_in: Settings, template: Template, now: datetime
) -> None:
    wanted = read_in.replace(picks=6)
    emails = [f"reader{number}@example.com" for number in (3, 5, 6, 13, 20)]
    with database.reading(store) as session:
        before = [reader_issues.next_picks(session, wanted, email, now=now) for email in emails]
    planning.plan(store, wanted, template, period="2026-W48", now=now)
    with database.reading(store) as session:
        after = [reader_issues.next_picks(session, wanted, email, now=now) for email in emails]
    for early, late in zip(before, after, strict=True):
        assert [p["story"] for p in early["picks"]] == [p["story"] for p in late["picks"]]


def test_what_other_readers_answered_decides_in_planning_too(
    store: Engine, read_in: Settings, template: Template, now: datetime
) -> None:
    """Two stories without a word in common, read by the same people: who read one is near to the
    other, in an edition and among related stories."""
    with database.writing(store) as session:
        session.execute(sa.delete(Event))
        first, second = (
            session.scalars(sa.select(Story.id).where(Story.key == key)).one()
            for key in ("tpu-development-1-oldest", "robotics-automation-2")
        )
        for reader in session.scalars(sa.select(Subscriber.id).order_by(Subscriber.id)).all()[1:]:
            for story in (first, second):
                at = now - timedelta(days=1)
                session.add(
                    Event(at=at, kind=EventKind.CLICK, subscriber_id=reader, story_id=story)
                )
    with database.reading(store) as session:
        [nearest, *_] = related.to_article(
            session, "tpu-development-1-oldest", now=now, horizon_days=30, most=3
        )
    assert nearest.story == "robotics-automation-2"
