"""Segments: what a rule means is what SQL finds, what is wrong is pointed at, data stays data."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine

from recommender import segments
from recommender.errors import ConflictError, SegmentError
from recommender.models import Status, Subscriber
from recommender.segments.grammar import parse
from recommender.storage import database
from recommender.subscribers import fields, intake

ROLES = ("CTO", "Investor", "Data Engineer")
TOPICS = ("AI Strategy", "Neural Software")
READERS: list[dict[str, Any]] = [
    {
        "email": f"r{n}@{'example.com' if n % 2 else 'other.example.org'}",
        "name": f"Reader {n}",
        "roles": [role for bit, role in enumerate(ROLES) if n >> bit & 1],
        "topics": {topic: (n + bit) % 6 - 2 for bit, topic in enumerate(TOPICS) if (n + bit) % 3},
        "locale": ("de", "en", None)[n % 3],
        "status": list(Status)[n % 6],
        "attributes": [{}, {"plan": "pro"}, {"plan": "free", "seats": n}, {"seats": 2.5}][n % 4],
    }
    for n in range(24)
]


@pytest.fixture
def filled(store: Engine, now: dt.datetime) -> Engine:
    rows = [fields.draft(n, reader) for n, reader in enumerate(READERS)]
    report = intake.import_rows(lambda: database.writing(store), rows, file="r", now=now)
    assert report.added == len(READERS)
    return store


def found(store: Engine, rule: str, now: dt.datetime) -> list[str]:
    with database.reading(store) as session:
        condition = segments.compile_rule(session, rule, now)
        query = sa.select(Subscriber.email).where(condition).order_by(Subscriber.id)
        return list(session.scalars(query))


Test = tuple[str, Callable[[dict[str, Any]], bool]]
TESTS: list[Test] = [
    ("all", lambda _: True),
    ('role = "CTO"', lambda r: "CTO" in r["roles"]),
    ('role != "cto"', lambda r: "CTO" not in r["roles"]),
    ('role in ("Investor", "data  engineer")', lambda r: bool({"Investor", "Data Engineer"} & {*r["roles"]})),  # noqa: E501
    ("role is none", lambda r: not r["roles"]),
    ('role = "Nobody has this"', lambda _: False),
    ('topic("AI Strategy") >= 1', lambda r: r["topics"].get("AI Strategy", 0) >= 1),
    ('topic("ai strategy") < 0', lambda r: r["topics"].get("AI Strategy", 0) < 0),
    ('topic("Neural Software") = 0', lambda r: r["topics"].get("Neural Software", 0) == 0),
    ('topic in ("AI Strategy", "Neural Software")', lambda r: any(w > 0 for w in r["topics"].values())),  # noqa: E501
    ("status = active", lambda r: r["status"] == "active"),
    ("status in (active, 'paused')", lambda r: r["status"] in ("active", "paused")),
    ('domain = "example.com"', lambda r: r["email"].endswith("@example.com")),
    ('email ends with ".org"', lambda r: r["email"].endswith(".org")),
    ('name = "reader 7"', lambda r: r["name"] == "Reader 7"),
    ("locale = de", lambda r: r["locale"] == "de"),
    ("locale != de", lambda r: r["locale"] != "de"),
    ('attribute("plan") = "pro"', lambda r: r["attributes"].get("plan") == "pro"),
    ('attribute("plan") != "pro"', lambda r: r["attributes"].get("plan") != "pro"),
    ('attribute("seats") > 6', lambda r: r["attributes"].get("seats", 0) > 6),
    ('attribute("seats") = "2.5"', lambda _: False),
    ('attribute("seats") in (2.5, 6)', lambda r: r["attributes"].get("seats") in (2.5, 6)),
    ('attribute("plan") is none', lambda r: "plan" not in r["attributes"]),
    ("created >= 2026-11-24", lambda _: True),
    ("created < 2026-11-24", lambda _: False),
    ("created within 1 day", lambda _: True),
    ("active within 900 days", lambda _: False),
    ("clicked within 30 days", lambda _: False),
    ("received >= 1", lambda _: False),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "meaning"), TESTS, ids=[rule for rule, _ in TESTS])
def test_each_test_finds_whom_it_says(
    filled: Engine, now: dt.datetime, rule: str, meaning: Callable[[dict[str, Any]], bool]
) -> None:
    assert found(filled, rule, now) == [r["email"] for r in READERS if meaning(r)]
    assert found(filled, f"not ({rule})", now) == [r["email"] for r in READERS if not meaning(r)]


def combined(tests: st.SearchStrategy[Test]) -> st.SearchStrategy[Test]:
    def both(a: Test, b: Test) -> Test:
        return f"({a[0]} and {b[0]})", lambda r: a[1](r) and b[1](r)

    def either(a: Test, b: Test) -> Test:
        return f"({a[0]} OR {b[0]})", lambda r: a[1](r) or b[1](r)

    def negated(a: Test) -> Test:
        return f"not {a[0]}", lambda r: not a[1](r)

    return (
        st.builds(both, tests, tests) | st.builds(either, tests, tests) | st.builds(negated, tests)
    )


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(test=st.recursive(st.sampled_from(TESTS), combined, max_leaves=8))
def test_and_or_not_mean_what_logic_says(filled: Engine, now: dt.datetime, test: Test) -> None:
    rule, meaning = test
    assert found(filled, rule, now) == [r["email"] for r in READERS if meaning(r)]


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


@pytest.mark.parametrize(
    "text", ["x'; DROP TABLE subscribers; --", "%", "_", "\\", "' OR '1'='1", "é😀", "{x}", ":x"]
)
def test_whatever_is_in_quotes_stays_data(filled: Engine, now: dt.datetime, text: str) -> None:
    for form in (
        'role = "{}"',
        'topic("{}") > 0',
        'email ends with "{}"',
        'attribute("plan") = "{}"',
    ):
        assert found(filled, form.replace("{}", text), now) == []


@given(text=st.text(max_size=80))
def test_any_text_is_a_rule_or_a_named_error(text: str) -> None:
    try:
        parse(text)
    except SegmentError as error:
        assert 1 <= error.column <= len(text) + 1


def test_segments_may_nest_but_not_in_circles(filled: Engine, now: dt.datetime) -> None:
    with database.writing(filled) as session:
        segments.create(session, "chiefs", 'role = "CTO"', now=now)
        segments.create(session, "both", 'segment("chiefs") and status = active', now=now)
        segments.get(session, "chiefs").rule = 'segment("both")'
        session.flush()
        with pytest.raises(SegmentError, match="refer to each other"):
            segments.condition(session, "both", now)


def test_a_static_list_holds_whom_it_is_given(filled: Engine, now: dt.datetime) -> None:
    with database.writing(filled) as session:
        segments.create(session, "pilots", None, now=now)
        added = segments.add_members(session, "pilots", ["R1@Example.com", "r2@other.example.org"])
        again = segments.add_members(session, "pilots", ["r1@example.com", "nobody@example.com"])
        assert (added, again) == ((2, []), (0, ["nobody@example.com"]))
        assert segments.count(session, "pilots", now=now).total == 2
        assert segments.remove_members(session, "pilots", ["r1@example.com"]) == (1, [])
        assert [m[0] for m in segments.members(session, "pilots", now=now)] == [
            "r2@other.example.org"
        ]


def test_a_segment_in_use_is_not_deleted(filled: Engine, now: dt.datetime) -> None:
    with database.writing(filled) as session:
        segments.create(session, "chiefs", 'role = "CTO"', now=now)
        segments.create(session, "both", 'segment( "chiefs" )', now=now)
        with pytest.raises(ConflictError, match="refers to"):
            segments.delete(session, "chiefs")
        segments.delete(session, "both")
        segments.delete(session, "chiefs")
        assert segments.listing(session) == []


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


def test_segments_within_segments_count_as_one_rule(sqlite_store: Engine, now: dt.datetime) -> None:
    deep = "all"
    for number in range(8):
        deep = f"(name = a {('and', 'or')[number % 2]} {deep})"
    with database.writing(sqlite_store) as session:
        segments.create(session, "s0", deep, now=now)
        segments.create(session, "s1", deep.replace("all", 'segment("s0")'), now=now)
        assert segments.count(session, "s1", now=now).total == 0
        with pytest.raises(SegmentError, match="more than 20 deep"):
            segments.create(session, "s2", deep.replace("all", 'segment("s1")'), now=now)
