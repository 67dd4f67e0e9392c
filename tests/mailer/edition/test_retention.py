"""Old copies lose what only their web version needs, then go; what was sent stays known."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.edition import retention
from mailer.edition.retention_limits import RetentionLimits
from recommender import newsletters
from recommender.models import (
    AddressChange,
    Article,
    Delivery,
    DeliveryState,
    Edition,
    EditionState,
    EditionStory,
    Event,
    EventKind,
    Newsletter,
    Status,
    Story,
    Subscriber,
    TemplateVersion,
)
from recommender.settings import Settings
from recommender.storage import database, locks
from recommender.subscribers import audience

READERS = 5


@pytest.fixture
def terms(now: datetime) -> RetentionLimits:
    return RetentionLimits.of(Settings(), now)


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)


@pytest.fixture
def edition(store: Engine, now: datetime) -> Callable[..., int]:
    """``edition(days, state=)``: one that five readers got so many days ago; its id."""
    moment = {"imported_at": now, "updated_at": now, "content_hash": ""}
    with database.writing(store) as session:
        article = Article(key="a", title="A", **moment)
        article.stories = [Story(key=f"s{n}", position=n, title=f"S{n}") for n in (1, 2)]
        version = TemplateVersion(hash="0" * 64, name="weekly", html="", text="", at=now)
        readers = [
            Subscriber(
                email=f"{n}@example.com",
                address_hash=f"{n:064}",
                status=Status.ACTIVE,
                created_at=now,
                updated_at=now,
            )
            for n in range(READERS)
        ]
        session.add_all([article, version, *readers])

    def make(days: int, state: EditionState = EditionState.FINISHED, **copy: Any) -> int:
        at = now - timedelta(days=days)
        with database.writing(store) as session:
            made = Edition(
                newsletter_id=session.scalars(sa.select(Newsletter.id)).one(),
                period=f"{days}",
                state=state,
                template_hash="0" * 64,
                planned_at=at,
                finished_at=at,
            )
            session.add(made)
            session.flush()
            for story in (1, 2):
                content = {"title": f"S{story}"}
                session.add(EditionStory(edition_id=made.id, story_id=story, content=content))
            values: dict[str, Any] = {
                "edition_id": made.id,
                "number": 1,
                "state": DeliveryState.SENT,
                "due_at": at,
                "settled_at": at,
                "picks": [{"story": 1}],
                "story_ids": [1],
                "reader": {"name": "Reader"},
                "template_hash": "0" * 64,
                "reply": "250 ok",
            }
            for reader in session.scalars(sa.select(Subscriber.id)).all():
                session.add(Delivery(subscriber_id=reader, **(values | copy)))
            return made.id

    return make


def copies(store: Engine, edition: int) -> list[Delivery]:
    with database.reading(store) as session:
        return list(session.scalars(sa.select(Delivery).where(Delivery.edition_id == edition)))


@pytest.mark.usefixtures("small_batches")
def test_old_copies_become_small_and_their_stories_stay_known(
    store: Engine, edition: Callable[..., int], terms: RetentionLimits
) -> None:
    old, young = edition(500), edition(300)
    assert retention.prune(store, terms).slimmed == READERS
    for copy in copies(store, old):
        assert (copy.picks, copy.reader, copy.reply, copy.story_ids) == ([], {}, None, [1])
    assert all(copy.picks and copy.reader for copy in copies(store, young))
    assert retention.prune(store, terms).slimmed == 0
    with database.reading(store) as session:
        reader = session.scalars(sa.select(Subscriber).limit(1)).one()
        history = audience.member(session, reader).reader.history
    assert [action.story for action in history] == ["1", "1"]


@pytest.mark.usefixtures("small_batches")
def test_an_edition_goes_when_none_of_its_stories_can_be_chosen_any_more(
    store: Engine, edition: Callable[..., int], terms: RetentionLimits
) -> None:
    gone, kept = edition(1300), edition(1100)
    done = retention.prune(store, terms)
    assert (done.deliveries, done.editions) == (READERS, 1)
    with database.reading(store) as session:
        assert session.scalars(sa.select(Edition.id)).all() == [kept]
        assert session.scalars(sa.select(EditionStory.edition_id)).all() == [kept]  # story 1
    assert copies(store, gone) == []


def test_what_may_be_chosen_again_is_never_forgotten(now: datetime) -> None:
    short = RetentionLimits.of(Settings(keep_history_days=30, horizon_days=2000), now)
    assert short.history == now - timedelta(days=2000)


def test_the_newsletter_that_chooses_from_the_longest_time_decides(
    store: Engine, now: datetime
) -> None:
    first = Settings(keep_history_days=30, horizon_days=30)
    with database.writing(store) as session:
        newsletters.add(session, first, "yearly", {"horizon_days": 2000}, segment=None, now=now)
        limits = RetentionLimits.of_store(session, first, now)
    assert limits.history == now - timedelta(days=2000)


def test_who_wants_one_issue_a_month_is_known_to_have_had_it(now: datetime) -> None:
    short = RetentionLimits.of(Settings(keep_history_days=1, horizon_days=1), now)
    assert now - short.history > timedelta(days=31 + 7)


def test_frozen_stories_that_nobody_was_sent_go_with_the_web_version(
    store: Engine, edition: Callable[..., int], terms: RetentionLimits
) -> None:
    old, young = edition(500), edition(300)
    retention.prune(store, terms)
    with database.reading(store) as session:
        query = sa.select(EditionStory.edition_id, EditionStory.story_id)
        kept = set(session.execute(query).all())
    assert kept == {(old, 1), (young, 1), (young, 2)}


@pytest.mark.parametrize("state", [EditionState.SENDING, EditionState.PAUSED])
def test_an_edition_that_has_not_ended_is_left_alone(
    store: Engine, edition: Callable[..., int], terms: RetentionLimits, state: EditionState
) -> None:
    edition(1300, state)
    assert retention.prune(store, terms) == retention.PruneCounts()


@pytest.mark.parametrize("state", [DeliveryState.IN_DOUBT, DeliveryState.PLANNED])
def test_a_copy_in_doubt_or_due_again_can_still_be_sent(
    store: Engine, edition: Callable[..., int], terms: RetentionLimits, state: DeliveryState
) -> None:
    doubtful = edition(500, state=EditionState.FINISHED)
    with database.writing(store) as session:
        session.execute(sa.update(Delivery).values(state=state))
    assert retention.prune(store, terms).slimmed == 0
    assert all(copy.picks for copy in copies(store, doubtful))


def test_clicks_that_never_counted_go_and_answers_stay(
    store: Engine, edition: Callable[..., int], now: datetime, terms: RetentionLimits
) -> None:
    edition(0)
    with database.writing(store) as session:
        for days in (10, 100, 1300):
            for verified in (True, False):
                session.add(
                    Event(
                        at=now - timedelta(days=days),
                        kind=EventKind.CLICK,
                        subscriber_id=1,
                        verified=verified,
                    )
                )
    done = retention.prune(store, terms)
    assert (done.clicks, done.events) == (2, 1)
    with database.reading(store) as session:
        left = session.execute(sa.select(Event.at, Event.verified).order_by(Event.id)).all()
    assert [((now - at).days, verified) for at, verified in left] == [
        (10, True),
        (10, False),
        (100, True),
    ]


@pytest.mark.parametrize(("days", "kept"), [(2, 1), (4, 0)])
def test_an_address_that_was_never_confirmed_is_not_kept(
    store: Engine,
    edition: Callable[..., int],
    terms: RetentionLimits,
    now: datetime,
    days: int,
    kept: int,
) -> None:
    edition(1)
    with database.writing(store) as session:
        reader = session.scalars(sa.select(Subscriber.id).limit(1)).one()
        at = now - timedelta(days=days)
        session.add(AddressChange(subscriber_id=reader, email="new@example.com", at=at))
    retention.prune(store, terms)
    with database.reading(store) as session:
        assert len(session.scalars(sa.select(AddressChange)).all()) == kept


@pytest.mark.usefixtures("small_batches")
def test_a_run_that_was_stopped_is_gone_on_with(
    store: Engine, edition: Callable[..., int], terms: RetentionLimits
) -> None:
    old = edition(500)
    rests: list[float] = []
    first = retention.prune(store, terms, stopped=lambda: True)
    second = retention.prune(store, terms, rest=rests.append)
    assert (first.slimmed, second.slimmed) == (2, READERS - 2)
    assert len(rests) == 3
    assert not any(copy.picks for copy in copies(store, old))


def test_only_one_prunes_at_a_time(
    store: Engine, edition: Callable[..., int], terms: RetentionLimits
) -> None:
    edition(500)
    with locks.hold(store, "prune"):
        assert retention.prune(store, terms) == retention.PruneCounts()


def test_who_never_confirmed_goes_and_nobody_else(
    store: Engine, small_batches: None, terms: RetentionLimits, now: datetime
) -> None:
    with database.writing(store) as session:
        for number, (status, days) in enumerate(
            [(Status.PENDING, 31)] * 5 + [(Status.PENDING, 29), (Status.ACTIVE, 400)]
        ):
            at = now - timedelta(days=days)
            session.add(
                Subscriber(
                    email=f"asked{number}@example.com",
                    address_hash=f"a{number:063}",
                    status=status,
                    created_at=at,
                    updated_at=at,
                )
            )
    assert retention.prune(store, terms).pending == 5
    with database.reading(store) as session:
        left = session.scalars(sa.select(Subscriber.email).order_by(Subscriber.email)).all()
    assert left == ["asked5@example.com", "asked6@example.com"]
