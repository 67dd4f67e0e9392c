"""Readers are found a page at a time by their ids, and a search ends in time."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recommender.models import Status, Subscriber
from recommender.storage import database
from recommender.subscribers import reader_pages

READERS = 12


@pytest.fixture(autouse=True)
def _few_on_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_pages, "MOST", 5)
    monkeypatch.setattr(reader_pages, "WINDOW", 3)


@pytest.fixture
def readers(store: Engine, now: datetime) -> Engine:
    """Twelve readers, every third of them paused."""
    with database.writing(store) as session:
        for number in range(1, READERS + 1):
            at = now + timedelta(days=number)
            status = Status.PAUSED if number % 3 == 0 else Status.ACTIVE
            session.add(Subscriber(id=number, email=f"Reader{number}@example.org",
                                   name="Grete Öhm" if number == 2 else f"Name {number}",
                                   address_hash=f"{number}", status=status, created_at=at,
                                   updated_at=at))  # fmt: skip
    return store


def ids(page: reader_pages.ReaderPage) -> list[int]:
    return [one.id for one in page.rows]


def test_pages_lead_on_and_back(readers: Engine) -> None:
    with database.reading(readers) as session:
        first = reader_pages.before(session, None)
        second = reader_pages.before(session, None, first.older)
        third = reader_pages.before(session, None, second.older)
        assert [ids(first), ids(second), ids(third)] == [
            [12, 11, 10, 9, 8], [7, 6, 5, 4, 3], [2, 1],
        ]  # fmt: skip
        assert (first.newer, third.older) == (None, None)
        assert ids(reader_pages.after(session, None, third.newer or 0)) == ids(second)
        assert reader_pages.after(session, None, second.newer or 0) == first
        assert ids(reader_pages.after(session, None, 9)) == ids(first)  # fewer than a page are new


def test_a_status_has_pages_of_its_own(readers: Engine) -> None:
    with database.reading(readers) as session:
        assert ids(reader_pages.before(session, Status.PAUSED)) == [12, 9, 6, 3]
        assert ids(reader_pages.before(session, Status.BOUNCED)) == []
        assert ids(reader_pages.search(session, "reader1", Status.PAUSED)) == [12]


@pytest.mark.parametrize(
    ("words", "found"),
    [("reader1@", [1]), ("READER1", [12, 11, 10, 1]), ("name 4", [4]), ("grete", [2]),
     ("öhm", [2]), ("ÖHM", [2]), ("%", []), ("_", [])],
)  # fmt: skip
def test_a_part_of_an_address_or_name_is_found(
    readers: Engine, words: str, found: list[int]
) -> None:
    with database.reading(readers) as session:
        page = reader_pages.search(session, words, None)
    assert (ids(page), page.left) == (found, None)


def test_what_is_found_often_has_pages(readers: Engine) -> None:
    with database.reading(readers) as session:
        first = reader_pages.search(session, "reader", None)
        second = reader_pages.search(session, "reader", None, first.older)
    assert (ids(first), ids(second)) == ([12, 11, 10, 9, 8], [7, 6, 5, 4, 3])


def test_a_search_ends_after_a_while_and_goes_on_from_there(readers: Engine, now: datetime) -> None:
    def clock(windows: int) -> Iterator[float]:
        yield 0.0
        yield from [0.5] * windows
        while True:
            yield 2.0

    with database.reading(readers) as session:
        first = reader_pages.search(session, "reader1", None, clock=clock(2).__next__)
        assert (ids(first), first.left) == ([12, 11, 10], now + timedelta(days=6))
        nothing = reader_pages.search(session, "nobody", None, clock=clock(1).__next__)
        assert (ids(nothing), nothing.left) == ([], now + timedelta(days=9))
        rest = reader_pages.search(session, "reader1", None, first.older)
    assert (ids(rest), rest.left) == ([1], None)


def test_a_store_without_readers_has_one_empty_page(store: Engine) -> None:
    with database.reading(store) as session:
        session.execute(sa.delete(Subscriber))
        assert reader_pages.before(session, None) == reader_pages.ReaderPage([])
        assert reader_pages.search(session, "x", None) == reader_pages.ReaderPage([])
