"""Addresses: one whatever their case, and recognised by a hash once erased."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recommender.models import ConsentEvent, Subscriber
from recommender.storage import database
from recommender.subscribers import consent

from .conftest import Import, lines


def test_addresses_are_one_whatever_their_case(import_: Import) -> None:
    assert import_(lines({"email": "Reader@Example.COM"})).added == 1
    assert import_(lines({"email": "reader@example.com", "name": "R"})).updated == 1


def test_erasing_leaves_a_hash_that_keeps_the_address_out(
    import_: Import, store: Engine, now: datetime
) -> None:
    import_(lines({"email": "a@example.com", "topics": ["Data"], "roles": ["CTO"]}))
    with database.writing(store) as session:
        consent.erase(session, "A@example.com", now=now)
    with database.reading(store) as session:
        assert session.scalars(sa.select(Subscriber)).all() == []
        assert session.scalars(sa.select(ConsentEvent)).all() == []
    assert "suppressed" in import_(lines({"email": "a@example.com"})).rejected[0].why
