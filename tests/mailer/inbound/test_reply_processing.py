"""Replies change what their reader gets, each once, and nobody else's."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.inbound import bounce_processing, steering
from mailer.inbound.bounce_processing import Report, Rules
from mailer.inbound.reply_processing import ReplyRules
from mailer.links import Links
from mailer.mime.message import signature
from recommender.models import (
    Delivery,
    DeliveryState,
    Edition,
    EditionState,
    Event,
    EventKind,
    InboundMessage,
    Status,
    Subscriber,
    TemplateVersion,
    Topic,
)
from recommender.storage import database
from recommender.subscribers import fields, intake

SECRET = b"a secret of more than forty characters, really"
QUOTE = "\n\nOn Tuesday The Weekly Brief <news@example.org> wrote:\n> Unsubscribe\n> stop\n"


@pytest.fixture
def copy(store: Engine, now: datetime) -> tuple[int, str]:
    """A copy that ada@example.com was sent, and its Message-ID."""
    rows = [fields.draft(1, {"email": "ada@example.com", "topics": {"Robotics": 1, "Crypto": 2}})]
    rows.append(fields.draft(2, {"email": "bob@example.com"}))
    intake.import_rows(lambda: database.writing(store), rows, file="list", now=now)
    with database.writing(store) as session:
        session.add(TemplateVersion(hash="t", name="t", at=now, html="", text=""))
        session.flush()
        edition = Edition(
            newsletter_id=1,
            period="2026-W48",
            template_hash="t",
            planned_at=now,
            state=EditionState.FINISHED,
        )
        session.add(edition)
        session.flush()
        reader = session.scalars(
            sa.select(Subscriber).where(Subscriber.email == "ada@example.com")
        ).one()
        delivery = Delivery(
            edition_id=edition.id,
            subscriber_id=reader.id,
            number=1,
            state=DeliveryState.SENT,
            due_at=now,
            template_hash="t",
        )
        session.add(delivery)
        session.flush()
        name = session.get_one(Edition, edition.id).name
        mac = signature(SECRET, name, delivery.id)
        return delivery.id, f"<{name}.{delivery.id}.{mac}@example.org>"


def reply(
    text: str,
    *,
    message_id: str = "",
    sender: str = "Ada <ada@example.com>",
    subject: str = "Re: x",
) -> bytes:
    answered = f"In-Reply-To: {message_id}\n" if message_id else ""
    return f"From: {sender}\nSubject: {subject}\n{answered}\n{text}{QUOTE}".encode()


@pytest.fixture
def take(store: Engine, now: datetime, tmp_path: Path) -> Callable[..., Report]:
    def run(*messages: bytes, way: str = "imap") -> Report:
        rules = Rules(
            (SECRET,),
            replies=ReplyRules(
                tmp_path / "replies", forward=True, own=frozenset({"us@example.org"})
            ),
        )
        return bounce_processing.process(
            lambda: database.writing(store),
            messages,
            rules=rules,
            now=now,
            set_aside=lambda _, why: pytest.fail(why),
            way=way,
        )

    return run


def ada(store: Engine) -> tuple[Status, dict[str, float], str | None]:
    with database.reading(store) as session:
        reader = session.scalars(
            sa.select(Subscriber).where(Subscriber.email == "ada@example.com")
        ).one()
        weights = {one.topic.name: one.weight for one in reader.topics}
        return reader.status, weights, reader.day


def answers(store: Engine) -> list[list[str]]:
    with database.reading(store) as session:
        rows = session.scalars(sa.select(InboundMessage.answer).order_by(InboundMessage.id))
        return [[one["what"] for one in json.loads(row or "[]")] for row in rows]


Copy = tuple[int, str]
Take = Callable[..., Report]


def test_a_reply_unsubscribes_once(store: Engine, copy: Copy, take: Take) -> None:
    message = reply("Please unsubscribe me.", message_id=copy[1])
    for _ in range(2):
        assert take(message).asked == {"leave": 1}
    assert ada(store)[0] == Status.UNSUBSCRIBED
    with database.reading(store) as session:
        events = session.scalars(sa.select(Event).where(Event.kind == EventKind.UNSUBSCRIBE)).all()
    assert [event.delivery_id for event in events] == [copy[0]]
    assert answers(store) == [[]]


def test_the_mail_of_list_unsubscribe_unsubscribes(store: Engine, copy: Copy, take: Take) -> None:
    token = Links("https://news.example.org", (SECRET,)).unsubscribe(copy[0]).rpartition("/")[2]
    forged = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
    subject = f"unsubscribe {forged}"
    take(b"From: eve@example.net\nSubject: " + subject.encode() + b"\n\n")
    assert ada(store)[0] == Status.ACTIVE
    take(b"From: someone@phone.example\nSubject: unsubscribe " + token.encode() + b"\n\n")
    assert ada(store)[0] == Status.UNSUBSCRIBED


def test_an_address_alone_is_enough_to_leave_and_the_reader_is_told(
    store: Engine, copy: Copy, take: Take
) -> None:
    take(reply("stop"))
    assert (ada(store)[0], answers(store)) == (Status.UNSUBSCRIBED, [["left"]])


def test_a_reply_steers_and_can_be_undone(
    store: Engine, copy: Copy, take: Take, now: datetime
) -> None:
    with database.writing(store) as session:
        session.execute(sa.update(Topic).values(offered=True))
    message = reply("less crypto, more robotics, only Fridays", message_id=copy[1])
    for _ in range(2):  # acted on once
        assert take(message).asked == {"steering": 1}
    assert ada(store) == (Status.ACTIVE, {"Robotics Automation": 2.0, "Blockchain": -1.0}, "friday")
    assert answers(store) == [["steered"]]
    with database.writing(store) as session:
        row = session.scalars(sa.select(InboundMessage)).one()
        reader = session.get_one(Subscriber, row.subscriber_id)
        assert steering.undo(session, reader, json.loads(row.undo or ""), now=now)
        assert not steering.undo(session, reader, json.loads(row.undo or ""), now=now)
    assert ada(store) == (Status.ACTIVE, {"Robotics Automation": 1.0, "Blockchain": 2.0}, None)


@pytest.mark.parametrize(
    "message",
    [
        {"text": "no crypto"},  # nothing shows that it is hers
        {"text": "no crypto", "sender": "bob@example.com", "message_id": "ID"},
        {"text": "more knitting", "message_id": "ID"},
    ],
)
def test_what_is_not_understood_or_not_shown_to_be_theirs_changes_nothing(
    store: Engine, copy: Copy, take: Take, message: dict[str, str]
) -> None:
    before = ada(store)
    if "message_id" in message:
        message = {**message, "message_id": copy[1]}
    take(reply(**message))
    take(reply(**{**message, "text": message["text"] + " please"}))
    assert ada(store) == before
    assert [one for row in answers(store) for one in row if one != "forward"] == ["unclear"]


def test_letters_are_kept_and_forwarded_and_machines_get_no_answer(
    store: Engine, copy: Copy, take: Take, tmp_path: Path
) -> None:
    letter = reply("I don't want to unsubscribe. Lovely!", message_id=copy[1])
    stranger = reply("Do you take guest articles?", sender="eve@example.net")
    machine = b"Auto-Submitted: auto-replied\n" + reply("unsubscribe", message_id=copy[1])
    ours = reply("unsubscribe", sender="us@example.org")
    report = take(letter, stranger, machine, ours)
    assert report.asked == {"letter": 2}
    assert ada(store)[0] == Status.ACTIVE
    kept = sorted(file.read_bytes() for file in (tmp_path / "replies").iterdir())
    assert kept == sorted([letter, stranger])
    assert answers(store) == [["forward"], ["forward"]]
    assert take(letter, way="file").asked == {"letter": 1}


@pytest.mark.parametrize(("head", "alive"), [("", True), ("Auto-Submitted: auto-replied\n", False)])
def test_what_a_person_writes_is_a_sign_of_life_and_what_a_machine_writes_is_none(
    store: Engine,
    take: Callable[..., Report],
    copy: tuple[int, str],
    now: datetime,
    head: str,
    alive: bool,
) -> None:
    take(head.encode() + reply("Dear Ada's editors, I liked it.", message_id=copy[1]))
    with database.reading(store) as session:
        found = session.scalar(
            sa.select(Subscriber.last_active_at).where(Subscriber.email == "ada@example.com")
        )
    assert found == (now if alive else None)
