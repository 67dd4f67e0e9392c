"""Corrections of one reader: what is named changes, the rest stays, and who did it is logged."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recommender.corrections import Author
from recommender.errors import ConflictError, NewsletterError
from recommender.models import Correction, Status
from recommender.storage import database
from recommender.subscribers import consent, correction, records, self_service
from recommender.subscribers.correction import Changes

from .conftest import Import, lines

WHO = "reader@example.com"
READER = {
    "email": WHO,
    "name": "Reader",
    "roles": ["CTO", "Investor"],
    "topics": {"Chips": 2, "Film": 1},
    "timezone": "Europe/Berlin",
    "attributes": {"plan": "free", "tags": ["vip"]},
}


@pytest.fixture
def people(import_: Import, store: Engine) -> Engine:
    import_(lines(READER, {"email": "other@example.com"}))
    return store


def change(people: Engine, now: datetime, wanted: Changes, who: str = WHO) -> dict[str, Any]:
    with database.writing(people) as session:
        return correction.update(
            session, records.find(session, who), wanted, author=Author("jane", now)
        )


def held(people: Engine, who: str = WHO) -> dict[str, Any]:
    with database.reading(people) as session:
        return records.everything(session, records.find(session, who))


@pytest.mark.parametrize(
    ("wanted", "field", "value"),
    [
        (Changes(values={"name": "R."}), "name", "R."),
        (Changes(values={"timezone": ""}), "timezone", None),
        (Changes(values={"name": ""}), "name", ""),
        (Changes(values={"hour": "7"}), "hour", 7),
        (Changes(roles=["Editor"]), "roles", ["Editor"]),
        (Changes(add_roles=["Editor"], remove_roles=["cto"]), "roles", ["Editor", "Investor"]),
        (
            Changes(topics={"Chips": -2, "Space": 3}, remove_topics=["Film"]),
            "topics",
            {"Chips": -2, "Space": 3},
        ),
        (
            Changes(attributes={"plan": "pro"}, remove_attributes=["tags"]),
            "attributes",
            {"plan": "pro"},
        ),
        (Changes(status=Status.PAUSED), "status", "paused"),
    ],
)
def test_only_what_is_named_changes_and_the_log_says_who_did_it(
    people: Engine, now: datetime, wanted: Changes, field: str, value: object
) -> None:
    before = held(people)
    assert list(change(people, now, wanted)) == [field]
    after = held(people)
    found = sorted(after[field]) if field == "roles" else after[field]
    assert found == value
    same = {name for name in READER if name != field}
    assert {name: before[name] for name in same} == {name: after[name] for name in same}
    (logged,) = after["corrections"]
    assert (logged["by"], logged["kind"], logged["at"]) == ("jane", "update", now.isoformat())
    assert logged["summary"] == {"fields": [field]}
    assert logged["changes"][field]["before"] == before[field]


def test_who_is_made_active_is_paused_later_without_the_end_of_an_earlier_pause(
    people: Engine, now: datetime
) -> None:
    with database.writing(people) as session:
        reader = records.find(session, WHO)
        self_service.pause(session, reader, now + timedelta(days=4), now=now, proof={})
    change(people, now, Changes(status=Status.ACTIVE))
    change(people, now, Changes(status=Status.PAUSED))
    with database.writing(people) as session:
        assert self_service.resume_paused(session, now=now + timedelta(days=9)) == 0
    assert (held(people)["status"], held(people)["paused_until"]) == ("paused", None)


def test_nothing_new_is_nothing_logged(people: Engine, now: datetime) -> None:
    assert change(people, now, Changes(values={"name": "Reader"}, add_roles=["cto"])) == {}
    assert held(people)["corrections"] == []


@pytest.mark.parametrize(
    "wanted",
    [
        Changes(remove_roles=["Editor"]),
        Changes(values={"name": "New"}, remove_topics=["Space"]),
        Changes(remove_attributes=["nothing"]),
        Changes(values={"hour": "26"}),
        Changes(topics={"Chips": 9}),
        Changes(email="no address"),
        Changes(email="other@example.com"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_changed(
    people: Engine, now: datetime, wanted: Changes
) -> None:
    before = held(people)
    with pytest.raises((NewsletterError, ValueError)):
        change(people, now, wanted)
    assert held(people) == before


def test_another_address_is_the_readers_and_the_old_one_is_kept_as_a_hash(
    people: Engine, now: datetime
) -> None:
    with database.reading(people) as session:
        key = records.find(session, WHO).link_key
    change(people, now, Changes(email="New@example.com"))
    found = held(people, "new@example.com")
    assert WHO not in str(found)
    assert found["consent"][-1]["proof"]["by"] == "jane"
    with database.reading(people) as session:
        assert records.find(session, "new@example.com").link_key != key
    change(people, now, Changes(email="NEW@example.com"), "new@example.com")  # only written so
    assert held(people, "new@example.com")["email"] == "NEW@example.com"


@pytest.mark.parametrize(("reason", "follows"), [("complaint", True), ("bounce", False)])
def test_no_address_is_a_way_round_a_suppression(
    people: Engine, now: datetime, reason: str, follows: bool
) -> None:
    new = "new@example.com"
    with database.writing(people) as session:
        consent.suppress(session, WHO, reason=reason, now=now, proof={})
        consent.suppress(session, "gone@example.com", reason="admin", now=now, proof={})
    change(people, now, Changes(email=new))
    found = held(people, new)
    assert (found["status"], found["suppressed"]) == ("unsubscribed", reason if follows else None)
    with database.reading(people) as session:
        assert consent.reason_of(session, WHO) == reason
    with pytest.raises(ConflictError):
        change(people, now, Changes(email="gone@example.com"), new)
    if follows:
        with pytest.raises(ConflictError):
            change(people, now, Changes(status=Status.ACTIVE), new)


def test_erasing_leaves_that_there_was_a_correction_and_nothing_of_the_reader(
    people: Engine, now: datetime
) -> None:
    change(people, now, Changes(email="new@example.com", values={"name": "Somebody Special"}))
    with database.writing(people) as session:
        consent.erase(session, "new@example.com", now=now)
    with database.reading(people) as session:
        (row,) = session.scalars(sa.select(Correction)).all()
        assert (row.made_by, row.subscriber_id, row.values) == ("jane", None, None)
        assert row.summary == {"fields": ["email", "name"]}
        assert consent.is_suppressed(session, WHO)  # the address they had before, too


def test_an_attribute_is_what_json_says_or_else_a_text() -> None:
    written = ["a=1", "b=true", 'c=["x"]', "d = pro plan", 'e="7"', "f=a=b"]
    found = dict(correction.attribute(text) for text in written)
    assert found == {"a": 1, "b": True, "c": ["x"], "d": "pro plan", "e": "7", "f": "a=b"}
    with pytest.raises(NewsletterError, match="plan=pro"):
        correction.attribute("plan")
