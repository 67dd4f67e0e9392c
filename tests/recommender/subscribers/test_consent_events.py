"""The consent log says when and how consent was given elsewhere, and when it ended."""

from datetime import UTC, datetime

from recommender.models import Status
from recommender.subscribers import consent_events, fields
from recommender.subscribers.consent_events import Origin
from recommender.subscribers.fields import Consent

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
ORIGIN = Origin("list.csv", "import", NOW)
GIVEN, LEFT = datetime(2020, 1, 2, tzinfo=UTC), datetime(2022, 3, 4, tzinfo=UTC)


def row(status: str | None, **consent: object) -> fields.SubscriberDraft:
    values = {"email": "a@example.com", "status": status}
    return fields.draft(7, values, consent=Consent(**consent))  # type: ignore[arg-type]  # by name


def test_without_a_time_it_is_now_and_the_proof_is_the_line() -> None:
    (event,) = consent_events.of_new(1, row(None), ORIGIN)
    assert (event["at"], event["before"], event["after"]) == (NOW, None, Status.ACTIVE)
    assert event["proof"] == {"file": "list.csv", "line": 7}


def test_who_consented_and_left_has_both_events() -> None:
    given, left = consent_events.of_new(1, row("bounced", at=GIVEN, left_at=LEFT), ORIGIN)
    assert (given["at"], given["after"]) == (GIVEN, Status.ACTIVE)
    assert (left["at"], left["before"], left["after"]) == (LEFT, Status.ACTIVE, Status.BOUNCED)
    assert "left_at" not in given["proof"]
    assert left["proof"]["consent_at"] == GIVEN.isoformat()


def test_a_time_to_come_is_now_and_stays_in_the_proof() -> None:
    later = datetime(2030, 1, 1, tzinfo=UTC)
    (event,) = consent_events.of_new(1, row("active", at=later, address="192.0.2.1"), ORIGIN)
    assert event["at"] == NOW
    assert event["proof"]["address"] == "192.0.2.1"
    assert event["proof"]["consent_at"] == later.isoformat()


def test_a_change_is_dated_by_what_it_is() -> None:
    leaving = row("unsubscribed", at=GIVEN, left_at=LEFT)
    event = consent_events.of_change(1, leaving, Status.ACTIVE, Status.UNSUBSCRIBED, ORIGIN)
    assert event["at"] == LEFT
    confirmed = row("active", at=GIVEN, confirmed_at=LEFT)
    event = consent_events.of_change(1, confirmed, Status.PENDING, Status.ACTIVE, ORIGIN)
    assert event["at"] == LEFT
