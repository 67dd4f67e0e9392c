"""How often and when: a reader's own terms are what planning goes by."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.edition import frequency, planning
from mailer.edition.edition_settings import EditionSettings
from mailer.rendering import templates
from recommender import resources
from recommender.articles import intake as article_intake
from recommender.articles.values import ArticleDraft, ParsedArticle
from recommender.models import Delivery, DeliveryState, Edition, Frequency, Subscriber
from recommender.settings import Settings
from recommender.storage import database
from recommender.subscribers import fields, intake

WEEKS = ("2026-W48", "2026-W49", "2026-W50", "2026-W51", "2026-W52", "2026-W53", "2027-W01")
WORDS = ("chip", "loom", "tide", "fern", "opal", "reed", "sage", "dune", "moss", "kelp", "flint")


@pytest.fixture
def ready(store: Engine, now: datetime) -> Engine:
    """Eleven stories, and a reader of each frequency."""
    drafts = [
        ArticleDraft(
            key=word,
            title=f"Software and the {word}",
            summary=" ".join(f"{word}{other}" for other in WORDS),
            topics=("Neural Software",),
            published_at=now - timedelta(days=1),
        )
        for word in WORDS
    ]
    found = [ParsedArticle(draft, "test", number) for number, draft in enumerate(drafts, 1)]
    article_intake.import_articles(lambda: database.writing(store), found, now=now)
    readers(store, now, *({"frequency": str(one)} for one in Frequency))
    return store


def readers(store: Engine, now: datetime, *terms: Mapping[str, object]) -> None:
    rows = [
        fields.draft(n, {"email": f"reader{n}@example.com", "topics": ["Neural Software"], **more})
        for n, more in enumerate(terms)
    ]
    intake.import_rows(lambda: database.writing(store), rows, file="test", now=now)


def plan(store: Engine, tmp_path: Path, weeks: Sequence[str], now: datetime) -> None:
    template = templates.compile_template(resources.folder("templates") / "email")
    for number, period in enumerate(weeks):
        moment = now + timedelta(weeks=number)
        settings = Settings(home=tmp_path, picks=1)
        planning.plan(store, settings, template, period=period, now=moment)


def issues(store: Engine, reader: int) -> list[str]:
    """The weeks of which the reader has a copy to get."""
    with database.reading(store) as session:
        return list(
            session.scalars(
                sa.select(Edition.period)
                .join(Delivery, Delivery.edition_id == Edition.id)
                .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
                .where(
                    Subscriber.email == f"reader{reader}@example.com",
                    Delivery.state != DeliveryState.SKIPPED,
                )
                .order_by(Edition.period)
            )
        )


def test_each_reader_gets_as_many_issues_as_they_asked_for(
    ready: Engine, tmp_path: Path, now: datetime
) -> None:
    plan(ready, tmp_path, WEEKS, now)
    assert issues(ready, 0) == list(WEEKS)
    assert issues(ready, 1) == ["2026-W48", "2026-W50", "2026-W52", "2027-W01"]
    assert issues(ready, 2) == ["2026-W48", "2026-W49", "2027-W01"]  # November, December, January


def test_who_rests_is_in_the_ledger_with_the_reason(
    ready: Engine, tmp_path: Path, now: datetime
) -> None:
    plan(ready, tmp_path, WEEKS[:2], now)
    with database.reading(ready) as session:
        skipped = session.execute(
            sa.select(Subscriber.email, Delivery.reason, Delivery.picks)
            .join(Subscriber)
            .where(Delivery.state == DeliveryState.SKIPPED)
        ).all()
    assert [tuple(row) for row in skipped] == [("reader1@example.com", frequency.SKIPPED, [])]


def test_an_issue_that_never_came_does_not_count(
    ready: Engine, tmp_path: Path, now: datetime
) -> None:
    plan(ready, tmp_path, WEEKS[:1], now)
    with database.writing(ready) as session:
        session.execute(sa.update(Delivery).values(state=DeliveryState.FAILED))
    plan(ready, tmp_path, WEEKS[:2], now)
    assert issues(ready, 1) == ["2026-W48", "2026-W49"]


@pytest.mark.parametrize(
    ("welcomed", "fortnightly", "monthly"),
    [
        ("welcome-2026-W48", ["2026-W50"], ["2026-W49"]),
        ("welcome-2026-W49", ["2026-W48"], ["2026-W48"]),
        ("welcome-2026-W52", ["2026-W48", "2026-W50"], ["2026-W48", "2026-W49"]),
    ],
)
def test_a_first_issue_counts_from_its_week_on(
    ready: Engine, tmp_path: Path, now: datetime,
    *, welcomed: str, fortnightly: list[str], monthly: list[str],
) -> None:  # fmt: skip
    """Monthly: week 48 is November's, weeks 49 to 53 are December's."""
    plan(ready, tmp_path, ["2026-W01"], now)
    with database.writing(ready) as session:
        of_first = sa.update(Edition).where(Edition.period == "2026-W01")
        session.execute(of_first.values(period=welcomed))
    plan(ready, tmp_path, WEEKS[:3], now)
    assert [one for one in issues(ready, 1) if one != welcomed] == fortnightly
    assert [one for one in issues(ready, 2) if one != welcomed] == monthly


@pytest.mark.parametrize(
    ("period", "before"),
    [
        ("2026-12-04", ["2026-W48", "2026-12-03"]),
        ("2026-12", ["2026-W48", "2026-11"]),
        ("2026-W49", ["2026-W48", "2026-W47"]),
    ],
)
def test_a_first_issue_counts_for_newsletters_of_days_and_months_too(
    ready: Engine, tmp_path: Path, now: datetime, period: str, before: list[str]
) -> None:
    """The later of both counts, whichever way it is written."""
    plan(ready, tmp_path, WEEKS[:1], now)
    with database.writing(ready) as session:
        edition = session.scalars(sa.select(Edition)).one()
        edition.period = "welcome-2026-W48"
        wanted = [
            one.subscriber_id
            for one in session.scalars(sa.select(Delivery))
            if one.state != DeliveryState.SKIPPED
        ]
        newsletter = edition.newsletter_id
        session.flush()
        found = frequency.latest(session, newsletter, period, wanted)
        assert set(found.values()) == {before[0]}
        copied = ("newsletter_id", "state", "template_hash", "settings", "planned_at")
        kept = {name: getattr(edition, name) for name in copied}
        other = Edition(period=before[1], **kept)
        session.add(other)
        session.flush()
        session.execute(sa.update(Delivery).values(edition_id=other.id))
        assert set(frequency.latest(session, newsletter, period, wanted).values()) == {before[1]}


def test_own_day_and_hour_are_planned_on_the_readers_own_clock(
    ready: Engine, tmp_path: Path, now: datetime
) -> None:
    readers(ready, now, {"timezone": "Europe/Berlin", "day": "monday", "hour": 7})
    plan(ready, tmp_path, WEEKS[:1], now)
    with database.reading(ready) as session:
        due = session.scalars(
            sa.select(Delivery.due_at)
            .join(Subscriber)
            .where(Subscriber.email == "reader0@example.com")
        ).one()
    assert due == datetime(2026, 11, 30, 6, 0, tzinfo=UTC)


def edition_settings(*, local_time: bool = False, quiet: str | None = None) -> EditionSettings:
    return EditionSettings(1, 0.05, 1200, "thursday 08:00", "UTC", local_time, quiet)


@pytest.mark.parametrize("local_time", [True, False])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Asia/Tokyo", "UTC", "Pacific/Pago_Pago"])
@pytest.mark.parametrize("day", ["wednesday", "thursday", "friday", None])
@pytest.mark.parametrize("hour", [0, 7, 23, None])
def test_nobodys_hour_lies_before_the_edition_is_out_or_a_week_after(
    local_time: bool, zone: str, day: str | None, hour: int | None
) -> None:
    found = edition_settings(local_time=local_time)
    due = found.due_at("2026-W48", zone, day, hour)
    assert timedelta(0) <= due - found.out_at("2026-W48") <= timedelta(days=8)
    local = due.astimezone(ZoneInfo(zone))
    if day is not None:
        assert local.strftime("%A").lower() == day
    if hour is not None:
        assert (local.hour, local.minute) == (hour, 0)


def test_an_own_hour_alone_is_the_next_time_the_clock_shows_it() -> None:
    due = edition_settings().due_at("2026-W48", "America/New_York", None, 7)
    assert due == datetime(2026, 11, 26, 12, 0, tzinfo=UTC)  # Thursday, four hours later


def test_an_own_hour_keeps_to_the_wall_clock_when_the_clocks_change() -> None:
    hours = [
        edition_settings().due_at(f"2026-W{week}", "Europe/Berlin", "sunday", 7).hour
        for week in (42, 43)
    ]
    assert hours == [5, 6]  # the clocks go back on Sunday of week 43


def test_quiet_hours_hold_for_an_own_hour_too() -> None:
    due = edition_settings(quiet="21:00-07:00").due_at("2026-W48", "UTC", None, 23)
    assert due == datetime(2026, 11, 27, 7, 0, tzinfo=UTC)
