"""The audit log says who did what, and names no reader."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.engine import Engine

from mailer.operators import audit
from mailer.operators.audit import AuditKind
from recommender.storage import database


def test_the_latest_comes_first_and_addresses_are_left_out(store: Engine, now: datetime) -> None:
    with database.writing(store) as session:
        audit.note(session, "mina", "signed in", now=now)
        audit.note(session, "mina", "hold", "story=a/b for a@example.com",
                   now=now + timedelta(seconds=1))  # fmt: skip
    with database.reading(store) as session:
        found = [(one.who, one.action, one.about) for one in audit.entries(session, 10)]
        assert len(audit.entries(session, 1)) == 1
    assert found == [("mina", "hold", "story=a/b for <address>"), ("mina", "signed in", "")]


@pytest.mark.parametrize(
    ("kind", "actions"),
    [
        (AuditKind.STORIES, ["unpin", "save story", "hold"]),
        (AuditKind.EDITIONS, ["save edition"]),
        (AuditKind.SPONSORS, ["add"]),
        (AuditKind.READERS, ["searched readers", "looked up"]),
        (AuditKind.ACCOUNTS, ["user added"]),
        (AuditKind.SIGNING_IN, ["sign out", "signed in"]),
    ],
)
def test_entries_are_of_a_kind(
    store: Engine, now: datetime, kind: AuditKind, actions: list[str]
) -> None:
    with database.writing(store) as session:
        for action, about in (
            ("signed in", ""), ("hold", "newsletter=weekly period=2026-W49 story=a/b"),
            ("save edition", "newsletter=weekly period=2026-W49"), ("looked up", "reader 12"),
            ("save story", "newsletter=weekly id=a/b"), ("add", "newsletter=weekly sponsor=1"),
            ("user added", "joao, editor"), ("unpin", "newsletter=weekly story=a/b"),
            ("searched readers", ""), ("sign out", ""),
        ):  # fmt: skip
            audit.note(session, "mina", action.partition(" ")[0] if "save" in action else action,
                       about, now=now)  # fmt: skip
    with database.reading(store) as session:
        found = audit.entries(session, 10, kind=kind)
    wanted = [one.partition(" ")[0] if "save" in one else one for one in actions]
    assert [one.action for one in found] == wanted


def test_entries_are_of_a_person_and_go_back(store: Engine, now: datetime) -> None:
    with database.writing(store) as session:
        for number in range(6):
            audit.note(session, ("mina", "joao")[number % 2], f"{number}", now=now)
    with database.reading(store) as session:
        latest = audit.entries(session, 2, who="mina")
        older = audit.entries(session, 2, who="mina", before=latest[-1].id)
        assert [one.action for one in (*latest, *older)] == ["4", "2", "0"]
        assert audit.people(session) == ["joao", "mina"]
