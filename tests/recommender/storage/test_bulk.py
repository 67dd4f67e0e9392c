"""Rows put in together."""

from datetime import datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recommender.models import Status, Subscriber
from recommender.storage import bulk, database


def row(number: int, now: datetime, **more: object) -> dict[str, object]:
    """A reader, as ``statements.insert_all`` takes them."""
    filled = {"email": f"{number}@example.com", "address_hash": f"{number:064}", "name": ""}
    times = {"created_at": now, "updated_at": now, "paused_until": None}
    return filled | times | {"status": Status.ACTIVE, "attributes": {}} | more


def test_rows_put_in_together_read_as_they_were(store: Engine, now: datetime) -> None:
    awkward = "tab\t, line\n, \\N, “quotes”, 'others', \u2028 and 🦉"
    rows = [row(1, now), row(2, now, name=awkward, attributes={"of": [awkward, None, 1.5]})]
    with database.writing(store) as session:
        bulk.insert_all(session, Subscriber.table(), rows)
    with database.reading(store) as session:
        found = session.scalars(sa.select(Subscriber).order_by(Subscriber.id)).all()
        read = [{name: getattr(reader, name) for name in rows[0]} for reader in found]
        among = sa.select(Subscriber.id).where(bulk.among(session, Subscriber.id, [2, 3]))
        assert session.scalars(among).all() == [2]
    assert read == rows


def test_of_rows_that_do_not_all_fit_none_is_put_in(store: Engine, now: datetime) -> None:
    with pytest.raises(sa.exc.IntegrityError), database.writing(store) as session:
        bulk.insert_all(session, Subscriber.table(), [row(1, now), row(1, now)])
    with database.reading(store) as session:
        assert session.scalars(sa.select(Subscriber)).all() == []
