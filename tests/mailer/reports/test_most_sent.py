from collections import Counter
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.reports import most_sent
from mailer.service import counting
from recommender.models import Delivery, DeliveryState, Edition, EditionState
from recommender.storage import database
from tests.mailer.reports.test_reader_groups import fill
from tests.promises.conftest import add_stories


def finished(store: Engine, now: datetime) -> None:
    add_stories(store, now)
    with database.writing(store) as session:
        fill(session, now, share=0.9)
        session.execute(sa.update(Edition).values(state=EditionState.FINISHED, finished_at=now))


def stories(store: Engine) -> list[int]:
    with database.reading(store) as session:
        return most_sent.of_edition(session, session.get_one(Edition, 1))


def test_stories_are_in_the_order_of_the_copies_that_have_them(
    store: Engine, now: datetime
) -> None:
    finished(store, now)
    with database.reading(store) as session:
        sent = session.scalars(
            sa.select(Delivery.story_ids).where(
                Delivery.edition_id == 1, Delivery.state == DeliveryState.SENT
            )
        )
        counted = Counter(story for ids in sent for story in ids)
    found = stories(store)
    assert found
    assert [counted[story] for story in found] == sorted(counted.values(), reverse=True)[:12]


def test_those_of_an_edition_that_finished_are_kept_until_it_goes_on(
    store: Engine, now: datetime
) -> None:
    finished(store, now)
    found = stories(store)
    counting.find_most_sent(store)
    with database.writing(store) as session:
        assert most_sent.due(session) == []
        session.execute(sa.delete(Delivery))
    assert stories(store) == found
    later = sa.update(Edition).where(Edition.id == 1).values(finished_at=now + timedelta(hours=1))
    with database.writing(store) as session:
        session.execute(later)
        assert [edition.id for edition in most_sent.due(session)] == [1]
    assert stories(store) == []
