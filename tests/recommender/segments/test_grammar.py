"""The rule language: what is wrong with a rule is named, with its place."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine import Engine

from recommender import segments
from recommender.errors import SegmentError
from recommender.segments.grammar import parse
from recommender.storage import database

WRONG = [
    ("", 1, "empty"),
    ("role = ", 7, "ends too early"),
    ('role = "CTO', 8, "quote is not closed"),
    ('role == "CTO"', 7, "not expected"),
    ('role = "CTO" status = active', 14, "not expected"),
    ("status = foo", 1, "is no status"),
    ("created >= 2026-02-30", 12, "no day in the calendar"),
    ('topic("x" >= 1', 11, "not expected"),
    ("nonsense", 1, "not expected"),
    ("(" * 4_000 + "all" + ")" * 4_000, 51, "nested"),
    ('attribute("a b") = 1', 11, "name has letters"),
    ("all" + " and all" * 2_000, 10_000, "longer than"),
    ('segment("nobody")', 9, "no segment"),
]


@pytest.mark.parametrize(("rule", "column", "why"), WRONG, ids=[w[2] + str(w[1]) for w in WRONG])
def test_what_is_wrong_is_pointed_at(
    store_asked_for: Engine, now: dt.datetime, rule: str, column: int, why: str
) -> None:
    with database.reading(store_asked_for) as session, pytest.raises(SegmentError) as caught:
        segments.compile_rule(session, rule, now)
    assert (caught.value.column, why in caught.value.why) == (column, True), caught.value.why


@given(text=st.text(max_size=80))
def test_any_text_is_a_rule_or_a_named_error(text: str) -> None:
    try:
        parse(text)
    except SegmentError as error:
        assert 1 <= error.column <= len(text) + 1


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("not " * 500 + "all", "nested more than 50 deep"),
        ("not (" * 400 + "all" + ")" * 400, "nested more than 50 deep"),
        ("not " * 30 + 'role = "CTO"', "conditions within conditions, more than 20 deep"),
        ("name in (" + ",".join("a" * 1 for _ in range(4_900)) + ")", "more than 900 conditions"),
    ],
)
def test_a_rule_too_deep_or_too_long_is_one_clear_error(
    sqlite_store: Engine, now: dt.datetime, rule: str, why: str
) -> None:
    with database.reading(sqlite_store) as session, pytest.raises(SegmentError, match=why):
        segments.compile_rule(session, rule, now)
