"""``newsletter sponsors``: from adding one to its clicks."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.edition import sponsors as edition_sponsors
from mailer.engagement.feedback import Click, record_clicks
from mailer.issue import sponsors
from recommender.models import Delivery, Newsletter, Subscriber
from recommender.storage import database
from recommender.subscribers import audience

from .conftest import Run, answer

ADD = ("sponsors", "add", "Acme", "--text", "Cool chips.", "--link", "https://acme.example/x")


def test_a_sponsor_is_sent_counted_and_never_learned_from(newsletter: Run, engine: Engine) -> None:
    newsletter("segments", "create", "chiefs", 'role = "CTO"')
    everybody = answer(newsletter, *ADD)["id"]
    chiefs = answer(newsletter, *ADD, "--segment", "chiefs")["id"]
    assert newsletter("editions", "send", "--yes")[0] == 0
    with database.writing(engine) as session:
        shown = Delivery.reader["sponsor"].as_integer()
        query = sa.select(Subscriber.email, shown)
        query = query.join(Delivery, Delivery.subscriber_id == Subscriber.id)
        readers = {row[0]: row[1] for row in session.execute(query)}
        assert {email for email, one in readers.items() if one == chiefs} == {"cto@example.com"}
        assert set(readers.values()) == {everybody, chiefs}
        copy = session.scalars(sa.select(Delivery).where(Delivery.number == 1)).one()
        assert copy.settled_at is not None
        at = copy.settled_at + timedelta(minutes=5)
        agent = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140"
        clicks = [
            (copy.id, Click(at + timedelta(minutes=n), sponsors.FIRST + one, "GET", agent))
            for n, one in enumerate((everybody, everybody, 99))  # again, and one of no copy
        ]
        record_clicks(session, clicks)
        record_clicks(session, clicks)
        reader = session.get_one(Subscriber, copy.subscriber_id)
        history = audience.member(session, reader).reader.history
        assert {action.kind for action in history} == {"sent"}
    report = answer(newsletter, "editions", "report")["sponsors"]
    assert [(one["id"], one["readers"], one["clicked"]) for one in report] == [
        (everybody, 11, 1),
        (chiefs, 1, 0),
    ]
    assert "Acme" in newsletter("editions", "report")[1]
    listed = {row["id"]: row for row in answer(newsletter, "sponsors", "list")["sponsors"]}
    assert (listed[everybody]["readers"], listed[everybody]["clicked"]) == (11, 1)
    assert (listed[chiefs]["readers"], listed[chiefs]["clicked"]) == (1, 0)
    assert newsletter("sponsors", "remove", str(everybody))[:2] == (0, "1: Acme removed\n")


def test_the_conformance_of_copies_with_a_sponsor_and_a_note(newsletter: Run) -> None:
    answer(newsletter, *ADD, "--picture", "https://acme.example/p.png", "--alt", "A chip")
    newsletter("editions", "note", "--text", "# Hi\n\nSee [the plan](https://plan.example/a_(b)).")
    found = answer(newsletter, "editions", "proof")
    assert (found["checked"], found["findings"]) == (12, [])


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (("--link", "javascript:x"), "is no web address"),
        (("--picture", "http://acme.example/p.png"), "is no https address"),
        (("--text", "x" * 601), "has 601 characters"),
        (("--from", "soon"), "'soon' is no date"),
        (("--from", "2036-12-02", "--until", "2036-12-01"), "is before"),
        (("--from", "2020-01-01", "--until", "2020-12-01"), "2020-12-01 is past"),
        (("--segment", "gone"), "no segment 'gone'"),
    ],
)
def test_what_cannot_be_shown_is_refused(newsletter: Run, more: tuple[str, ...], why: str) -> None:
    status, _, err = newsletter(*ADD, *more)
    assert (status, why in err) == (1, True)


def test_a_change_is_in_later_copies_only_and_counted_with_the_earlier_ones(
    newsletter: Run, engine: Engine
) -> None:
    first = answer(newsletter, *ADD)["id"]
    second = answer(newsletter, *ADD)["id"]
    assert newsletter("editions", "send", "--yes")[0] == 0
    changed = answer(newsletter, "sponsors", "edit", str(first), "--text", "Cooler.", "--until", "")
    assert changed["id"] == first
    with database.reading(engine) as session:
        letter = session.scalars(sa.select(Newsletter)).one()
        said = edition_sponsors.contents(session, letter.name)
        shown = session.scalars(sa.select(Delivery.reader["sponsor"].as_integer())).all()
        assert {said[one].text for one in shown} == {"Cool chips."}
        row = edition_sponsors.find(session, letter.id, first)
        assert (row.text, row.id > second) == ("Cooler.", True)
    listed = {row["id"]: row for row in answer(newsletter, "sponsors", "list")["sponsors"]}
    assert {key: row["readers"] for key, row in listed.items()} == {first: len(shown), second: 0}
    assert newsletter("sponsors", "edit", "1", "--link", "x")[2].startswith("error: --link: 'x'")
    assert newsletter("sponsors", "edit", "1")[0] == 2
    assert newsletter("sponsors", "edit", "9", "--text", "x")[0] == 1
    assert newsletter("sponsors", "edit", "1", "--segment", "gone")[0] == 1
    assert newsletter("sponsors", "remove", str(first))[1] == "1: Acme removed\n"
