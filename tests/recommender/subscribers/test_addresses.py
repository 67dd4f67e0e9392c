"""Addresses: one whatever their case, and recognised by a hash once erased."""

from collections.abc import Callable
from datetime import datetime

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine import Engine

from mailer.mime.headers import on_the_wire
from recommender.models import ConsentEvent, Subscriber
from recommender.storage import database
from recommender.subscribers import addresses, consent, records

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


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("maßmann@example.com", "massmann@example.com"),
        ("info@straße.example", "info@strasse.example"),
        ("σίσυφος@example.com", "σίσυφοσ@example.com"),
        ("ﬁ@example.com", "fi@example.com"),
        ("ſ@example.com", "s@example.com"),
    ],
)
def test_letters_that_only_fold_alike_make_two_readers(
    import_: Import, store: Engine, now: datetime, one: str, other: str
) -> None:
    assert import_(lines({"email": one}, {"email": other})).added == 2
    with database.writing(store) as session:
        consent.suppress(session, one, reason="complaint", now=now, proof={})
        assert records.find(session, one).status == "unsubscribed"
        assert records.find(session, other).status == "active"
        assert not consent.is_suppressed(session, other)
        consent.erase(session, one, now=now)
        assert records.find(session, other).email == other


@pytest.mark.parametrize(
    ("written", "again"),
    [
        ("info@straße.example", "INFO@xn--strae-oqa.example"),
        ("info@Straße.example", "info@STRAẞE.EXAMPLE"),
        ("Müller@bücher.example", "MÜLLER@BÜCHER.example"),
        ("mu\u0308ller@example.com", "m\u00fcller@example.com"),
    ],
)
def test_two_ways_to_write_an_address_are_one_reader(
    import_: Import, store: Engine, written: str, again: str
) -> None:
    assert import_(lines({"email": written})).added == 1
    assert import_(lines({"email": again})).unchanged == 1
    with database.reading(store) as session:
        assert records.find(session, written) is records.find(session, again)


@given(st.emails(), st.sampled_from([str.upper, str.lower, str.swapcase]))
def test_a_hash_does_not_see_case(email: str, written: Callable[[str], str]) -> None:
    assert addresses.hash_of("salt", email) == addresses.hash_of("salt", written(email))


@given(st.text(max_size=20))
def test_a_folded_local_part_stays_as_it_is(local: str) -> None:
    folded = addresses.fold(f"{local}@example.com")
    assert addresses.fold(folded) == folded


def test_mail_for_a_host_with_a_sharp_s_goes_to_that_host() -> None:
    assert on_the_wire(addresses.normalise("info@Straße.example")) == "info@xn--strae-oqa.example"
