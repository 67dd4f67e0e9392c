"""What bounces do to a reader: at once, at the second edition, or only together."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy.engine import Engine

from mailer.inbound import bounce_processing
from mailer.inbound.notification import CopyIdentifiers, Kind, Notification
from mailer.links import Links
from mailer.relay.refusals import FailureClass
from recommender.models import (
    Delivery,
    DeliveryState,
    Edition,
    EditionState,
    Event,
    EventKind,
    Newsletter,
    Status,
    Subscriber,
    TemplateVersion,
)
from recommender.storage import database
from recommender.subscribers.addresses import address_hash

SECRET = b"a secret of more than forty characters, really"
RULES = bounce_processing.Rules((SECRET,))
Bounced = Callable[[int, FailureClass], Status]


@pytest.fixture
def bounced(store: Engine, now: datetime) -> Bounced:
    """Have the reader's copy of an edition (1 to 4) bounce; the reader's status then."""
    with database.writing(store) as session:
        newsletter = session.query(Newsletter).first()
        assert newsletter is not None
        reader = Subscriber(
            email="r@example.com",
            address_hash=address_hash(session, "r@example.com"),
            status=Status.ACTIVE,
            created_at=now,
            updated_at=now,
        )
        session.add_all([reader, TemplateVersion(hash="h", name="t", html="", text="", at=now)])
        session.flush()
        copies = []
        for week in range(1, 5):
            edition = Edition(
                newsletter_id=newsletter.id,
                period=f"2026-W{week:02}",
                state=EditionState.FINISHED,
                template_hash="h",
                planned_at=now,
            )
            session.add(edition)
            session.flush()
            copy = Delivery(
                edition_id=edition.id,
                subscriber_id=reader.id,
                number=1,
                state=DeliveryState.SENT,
                due_at=now,
                template_hash="h",
            )
            session.add(copy)
            session.flush()
            copies.append(copy.id)
        key = reader.id

    def of(edition: int, about: FailureClass) -> Status:
        copy = copies[edition - 1]
        token = Links("", (SECRET,)).token("unsubscribe", copy)
        kind: Kind = "hard" if about in ("mailbox", "suspected") else "soft"
        words, identifiers = f"{about} {edition}", CopyIdentifiers((), (token,))
        bounce = Notification(kind, "5.0.0", words, about, identifiers=identifiers)
        with database.writing(store) as session:
            assert bounce_processing.apply(session, bounce, rules=RULES, now=now)
            return session.get_one(Subscriber, key).status

    return of


def test_a_dead_mailbox_is_dead_at_once(bounced: Bounced) -> None:
    assert bounced(2, "mailbox") == Status.BOUNCED


def test_one_that_is_only_suspected_is_dead_where_nothing_ever_arrived(bounced: Bounced) -> None:
    assert bounced(1, "suspected") == Status.BOUNCED


def test_one_where_something_arrived_is_dead_at_the_second_edition(bounced: Bounced) -> None:
    assert [bounced(3, "suspected"), bounced(3, "suspected")] == [Status.ACTIVE] * 2
    assert bounced(4, "suspected") == Status.BOUNCED


def test_trouble_adds_up_over_editions(bounced: Bounced) -> None:
    assert [bounced(n, "unreached") for n in (1, 1, 2)] == [Status.ACTIVE] * 3
    assert bounced(3, "unreached") == Status.BOUNCED


def test_a_sign_of_life_begins_the_count_anew(
    bounced: Bounced, store: Engine, now: datetime
) -> None:
    bounced(1, "unreached")
    bounced(2, "unreached")
    with database.writing(store) as session:
        reader = session.query(Subscriber.id).scalar()
        later = now + timedelta(seconds=1)
        session.add(Event(at=later, kind=EventKind.CLICK, subscriber_id=reader))
    assert bounced(3, "unreached") == Status.ACTIVE


def test_a_word_about_the_message_never_counts(bounced: Bounced) -> None:
    assert [bounced(n, "message") for n in (1, 2, 3, 4)] == [Status.ACTIVE] * 4
