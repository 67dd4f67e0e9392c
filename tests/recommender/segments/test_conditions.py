"""What a rule means is what SQL finds; what is in quotes stays data."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine

from recommender import segments
from recommender.errors import SegmentError
from recommender.models import Subscriber
from recommender.storage import database
from recommender.subscribers import fields, intake

from .conftest import READERS


def found(store: Engine, rule: str, now: dt.datetime) -> list[str]:
    with database.reading(store) as session:
        condition = segments.compile_rule(session, rule, now)
        query = sa.select(Subscriber.email).where(condition).order_by(Subscriber.id)
        return list(session.scalars(query))


def tags(reader: dict[str, Any]) -> list[str]:
    held = reader["attributes"].get("tags", [])
    return [held] if isinstance(held, str) else held


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
    ('attribute("rating") >= 7', lambda r: int(r["attributes"].get("rating", 0)) >= 7),
    ('attribute("rating") = "7"', lambda r: r["attributes"].get("rating") == "7"),
    ('attribute("plan") > 0', lambda _: False),
    ('attribute("paid") = true', lambda r: "paid" in r["attributes"]),
    ('attribute("paid") = false', lambda _: False),
    ('tag = "vip"', lambda r: "vip" in tags(r)),
    ('tag != "vip"', lambda r: "vip" not in tags(r)),
    ("TAG in ('pilot', \"Öl, Gas\")", lambda r: bool({"pilot", "Öl, Gas"} & set(tags(r)))),
    ("tag is none", lambda r: not tags(r)),
    ('attribute("tags") has "VIP"', lambda r: "VIP" in tags(r)),
    ('attribute("seats") has "2.5"', lambda _: False),
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


@pytest.mark.parametrize(
    "text", ["x'; DROP TABLE subscribers; --", "%", "_", "\\", "' OR '1'='1", "é😀", "{x}", ":x"]
)
def test_whatever_is_in_quotes_stays_data(filled: Engine, now: dt.datetime, text: str) -> None:
    for form in (
        'role = "{}"',
        'topic("{}") > 0',
        'email ends with "{}"',
        'attribute("plan") = "{}"',
        'attribute("tags") has "{}"',
        'tag = "{}"',
    ):
        assert found(filled, form.replace("{}", text), now) == []


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


@pytest.mark.parametrize(
    ("rule", "who"),
    [
        ('domain = "straße.example"', ["A@straße.example"]),
        ('domain = "XN--STRAE-OQA.example"', ["A@straße.example"]),
        ('domain = "strasse.example"', ["a@strasse.example"]),
        ('email = "a@STRAẞE.example"', ["A@straße.example"]),
        ('email ends with "@Straße.example"', ["A@straße.example"]),
    ],
)
def test_a_domain_is_the_one_that_is_written(
    store: Engine, now: dt.datetime, rule: str, who: list[str]
) -> None:
    drafts = [
        fields.draft(line, {"email": email})
        for line, email in enumerate(["A@straße.example", "a@strasse.example"])
    ]
    intake.import_rows(lambda: database.writing(store), drafts, file="", now=now)
    assert found(store, rule, now) == who
