"""The states of a delivery: page, table and ledger say the same, and only one room writes them."""

import ast
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.ledger import claims, deliveries, transitions
from mailer.ledger.deliveries import Outcome
from mailer.ledger.transitions import FIRST, TRANSITIONS
from recommender.models import (
    Delivery,
    DeliveryState,
    Edition,
    EditionState,
    Newsletter,
    Status,
    Subscriber,
    TemplateVersion,
)
from recommender.storage import database

ROOT = Path(__file__).resolve().parents[3]
S = DeliveryState
OWNER = "one"


def on_the_page() -> set[tuple[str, str]]:
    """The table of docs/ledger.md as pairs; – is where planning begins."""
    page = (ROOT / "docs" / "ledger.md").read_text()
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", page, re.MULTILINE)
    states = {str(state) for state in S} | {"–"}
    pairs = set()
    for left, right in rows:
        befores, afters = (re.sub(r" \(.*?\)", "", cell).split(", ") for cell in (left, right))
        if {*befores, *afters} <= states:
            pairs |= {(earlier, later) for earlier in befores for later in afters}
    return pairs


def test_the_page_and_the_table_say_the_same() -> None:
    table = {(str(earlier), str(later)) for earlier, all_ in TRANSITIONS.items() for later in all_}
    assert on_the_page() == table | {("–", str(state)) for state in FIRST}


def record(state: DeliveryState) -> Callable[[sa.orm.Session, int, int, datetime], object]:
    def run(session: sa.orm.Session, _: int, delivery: int, now: datetime) -> None:
        outcome = Outcome(delivery, state, retry_at=now + timedelta(hours=1))
        deliveries.record(session.connection(), [outcome], owner=OWNER, now=now)

    return run


def claim(session: sa.orm.Session, edition: int, _: int, now: datetime) -> None:
    claims.claim(session, edition, owner=OWNER, limit=9, now=now, at_local_time=False)


def claim_of_one_who_left(session: sa.orm.Session, edition: int, _: int, now: datetime) -> None:
    session.execute(sa.update(Subscriber).values(status=Status.UNSUBSCRIBED))
    claim(session, edition, _, now)


WRITERS: dict[str, Callable[[sa.orm.Session, int, int, datetime], object]] = {
    "claim": claim,
    "claim of one who left": claim_of_one_who_left,
    "put on wire": lambda session, _, delivery, __: deliveries.put_on_wire(
        session.connection(), [delivery], owner=OWNER
    ),
    **{f"record {state}": record(state) for state in S},
    "release": lambda session, _, __, now: deliveries.release_all(session, owner=OWNER, now=now),
    "resend": lambda session, edition, _, __: deliveries.resend_doubtful(session, edition),
    "cancel": lambda session, edition, _, now: deliveries.cancel(session, edition, now=now),
}


@pytest.fixture
def delivery(store: Engine, now: datetime) -> tuple[int, int]:
    """An edition and its one delivery."""
    with database.writing(store) as session:
        session.add(TemplateVersion(hash="t", name="weekly", html="", text="", at=now))
        edition = Edition(
            newsletter=session.scalars(sa.select(Newsletter)).one(),
            period="2026-W48",
            state=EditionState.SENDING,
            template_hash="t",
            planned_at=now,
        )
        reader = Subscriber(
            email="r@example.com",
            address_hash="0" * 64,
            status=Status.ACTIVE,
            created_at=now,
            updated_at=now,
        )
        session.add_all([edition, reader])
        session.flush()
        copy = Delivery(
            edition_id=edition.id,
            subscriber_id=reader.id,
            number=1,
            state=S.PLANNED,
            due_at=now,
            template_hash="t",
        )
        session.add(copy)
        session.flush()
        return edition.id, copy.id


def test_the_ledger_makes_these_transitions_and_no_others(
    store: Engine, delivery: tuple[int, int], now: datetime
) -> None:
    seen: set[tuple[DeliveryState, DeliveryState]] = set()
    for earlier in S:
        for write in WRITERS.values():
            with database.writing(store) as session:
                held = OWNER if earlier in (*transitions.HELD, S.IN_DOUBT) else None
                session.execute(sa.update(Subscriber).values(status=Status.ACTIVE))
                session.execute(
                    sa.update(Delivery).values(state=earlier, claimed_by=held, due_at=now)
                )
            with database.writing(store) as session:
                write(session, *delivery, now)
            with database.reading(store) as session:
                later = session.scalars(sa.select(Delivery.state)).one()
            seen |= {(earlier, later)} if later != earlier else set()
    assert seen == {(one, other) for one, others in TRANSITIONS.items() for other in others}


def test_nobody_but_its_owner_settles_a_copy(
    store: Engine, delivery: tuple[int, int], now: datetime
) -> None:
    for earlier in transitions.HELD:
        for name in ("put on wire", *(f"record {state}" for state in S), "release"):
            with database.writing(store) as session:
                session.execute(sa.update(Delivery).values(state=earlier, claimed_by="another"))
                WRITERS[name](session, *delivery, now)
                assert session.scalars(sa.select(Delivery.state)).one() == earlier, name


def test_only_the_ledger_and_planning_write_states() -> None:
    writers = set()
    for room in ("mailer", "recommender"):
        for file in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if (verb := _writes(node)) is not None:
                    writers.add((str(file.relative_to(ROOT)), verb))
    assert writers == {
        ("mailer/ledger/deliveries.py", "update"),
        ("mailer/ledger/transitions.py", "update"),
        ("mailer/edition/shards.py", "insert_all"),
        ("mailer/edition/welcome.py", "insert_all"),  # plans first issues as shards are planned
        ("recommender/subscribers/address_change.py", "update"),  # to which address it went
        ("mailer/edition/retention.py", "update"),  # of what an old copy showed, never of its state
        ("mailer/edition/retention.py", "delete"),  # of an edition too old to be chosen from
        ("recommender/subscribers/consent.py", "delete"),  # a reader who is erased
    }


def _writes(node: ast.AST) -> str | None:
    """What a statement does to the table of deliveries, or to the state of one."""
    if isinstance(node, ast.Call):
        verb = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        named = [ast.unparse(argument) for argument in node.args]
        if verb in ("update", "insert", "insert_all", "delete", "add"):
            if {"Delivery", "_TABLE", "Delivery.__table__", "Delivery.table()"} & set(named):
                return verb
            if any(name.startswith("Delivery(") for name in named):
                return verb
    if isinstance(node, ast.Assign) and "DeliveryState" in ast.unparse(node.value):
        targets = [target for target in node.targets if isinstance(target, ast.Attribute)]
        return "assign" if any(target.attr == "state" for target in targets) else None
    return None
