"""Segments in the store: lists, rules, and segments within segments."""

import datetime as dt

import pytest
from sqlalchemy.engine import Engine

from recommender import segments
from recommender.errors import ConflictError, SegmentError
from recommender.storage import database


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


def test_a_rule_tells_which_of_its_names_nobody_knows(filled: Engine) -> None:
    with database.reading(filled) as session:
        rule = 'role in ("CTO", "Foundr") and not topic in ("Nonesuch")'
        unknown = segments.unknown_names(session, rule)
        assert [(one.kind, one.name) for one in unknown] == [
            ("topic", "Nonesuch"),
            ("role", "Foundr"),
        ]
