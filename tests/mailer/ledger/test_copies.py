"""The number of a copy leads to it for ever."""

from datetime import datetime

from sqlalchemy.engine import Engine

from mailer.ledger import copies, merging
from recommender.models import Delivery, DeliveryState
from recommender.storage import database

from .test_merging import copy, edition, reader


def test_a_number_leads_to_the_copy_that_stands_for_it_also_after_two_merges(
    store: Engine, now: datetime
) -> None:
    with database.writing(store) as session:
        people = [reader(session, f"{name}@example.com", now) for name in "abc"]
        weekly = edition(session, now)
        numbers = [copy(session, weekly, who, DeliveryState.SENT, now) for who in people]
        hashes = [who.address_hash for who in people]
        merging.merge(session, people[1].id, people[2].id, address_hash=hashes[2])
        merging.merge(session, people[0].id, people[1].id, address_hash=hashes[1])
    with database.reading(store) as session:
        found = [copies.find(session, number) for number in numbers]
        assert [one and one.delivery.id for one in found] == [numbers[0]] * 3
        assert [one and one.former for one in found] == [None, hashes[1], hashes[2]]
        assert copies.standing_for(session, numbers) == dict.fromkeys(numbers[1:], numbers[0])
        assert copies.edition_of(session, numbers[2]) == weekly.id
        latest = copies.latest_to(session, hashes[2])
        assert latest is not None
        assert latest.number == numbers[2]
        assert copies.find(session, 99) is None
        assert session.get(Delivery, numbers[1]) is None
