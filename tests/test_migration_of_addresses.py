"""What migration 0022 makes of a store to which ß was ss."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.engine import Engine

from recommender.errors import NotFoundError
from recommender.storage import database, migrations
from recommender.subscribers import addresses, consent, fields, intake, records

THEN = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
READERS = ("Maßmann@example.com", "großmann@example.com", "plain@example.com")


@pytest.fixture
def old_store(store: Engine) -> Engine:
    """A store as the version before left it: Maßmann reads, Großmann has bounced, somebody called
    Weiß was erased, and straße.example was suppressed by hand."""
    with database.writing(store) as session:
        salt = addresses.salt(session)
    drafts = [fields.draft(line, {"email": email}) for line, email in enumerate(READERS)]
    intake.import_rows(lambda: database.writing(store), drafts, file="", now=THEN)
    command.downgrade(migrations.configuration(store), "0021")
    subscribers = sa.table("subscribers", sa.column("email"), sa.column("address_hash"))
    suppressions = sa.table(
        "suppressions", sa.column("address_hash"), sa.column("reason"), sa.column("at", sa.DateTime)
    )

    def old(email: str) -> str:
        return hashlib.sha256(f"{salt}{email.casefold()}".encode()).hexdigest()

    with store.begin() as connection:
        found: dict[str, str] = dict(connection.execute(sa.select(subscribers)).all())
        assert found == {email: old(email) for email in found}
        for email, reason in (
            ("großmann@example.com", "bounce"),
            ("weiß@example.com", "erased"),
            ("info@straße.example", "admin"),
        ):
            row = {"address_hash": old(email), "reason": reason, "at": THEN}
            connection.execute(sa.insert(suppressions).values(row))
    return store


def _suppressed(store: Engine) -> Callable[[str], str | None]:
    def reason(email: str) -> str | None:
        with database.reading(store) as session:
            return consent.reason_of(session, email)

    return reason


def test_nobody_who_left_comes_back_and_nobody_else_is_kept_out(old_store: Engine) -> None:
    command.upgrade(migrations.configuration(old_store), "head")
    reason = _suppressed(old_store)
    assert reason("Großmann@example.com") == "bounce"
    assert reason("grossmann@example.com") is None  # the address of the other is known
    for either in ("weiß@example.com", "weiss@example.com"):
        assert reason(either) == "erased"
    for either in ("info@straße.example", "info@strasse.example"):
        assert reason(either) == "admin"
    assert reason("maßmann@example.com") is None
    with database.reading(old_store) as session:
        assert records.find(session, "MAßMANN@example.com").email == "Maßmann@example.com"
        with pytest.raises(NotFoundError):
            records.find(session, "massmann@example.com")


def test_the_other_of_two_addresses_may_come_back_alone(old_store: Engine) -> None:
    command.upgrade(migrations.configuration(old_store), "head")
    with database.writing(old_store) as session:
        consent.readmit(session, "weiß@example.com")
    reason = _suppressed(old_store)
    assert reason("weiß@example.com") is None
    assert reason("weiss@example.com") == "erased"


def test_who_leaves_after_it_takes_nobody_along(old_store: Engine) -> None:
    command.upgrade(migrations.configuration(old_store), "head")
    with database.writing(old_store) as session:
        consent.suppress(session, "massmann@example.com", reason="admin", now=THEN, proof={})
    assert _suppressed(old_store)("Maßmann@example.com") is None
