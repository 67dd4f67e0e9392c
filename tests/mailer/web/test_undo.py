"""What a reply changed is taken back on a page with one button, by its reader alone."""

import json
from datetime import timedelta

from mailer.inbound import steering
from mailer.inbound.reply_grammar import Change
from recommender.models import InboundMessage
from recommender.storage import database
from recommender.subscribers import records

from .conftest import Place

WHO = "founder@example.com"


def changed(place: Place) -> str:
    """The link to undo a reply by which the reader chose Fridays."""
    now = place.moment[0]
    with database.writing(place.engine) as session:
        reader = records.find(session, WHO)
        before = steering.apply(session, reader, [Change("day", "friday")], now=now)
        row = InboundMessage(
            key="k", at=now, way="imap", kind="steering", subscriber_id=reader.id,
            undo=json.dumps(before),
        )  # fmt: skip
        session.add(row)
        session.flush()
        link = place.links.undo(row.id, reader.link_key, now + timedelta(days=14))
    return place.path(link)


def day(place: Place) -> str | None:
    with database.reading(place.engine) as session:
        return records.find(session, WHO).day


def test_looking_changes_nothing_and_the_button_does_once(place: Place) -> None:
    link = changed(place)
    assert place.client.get(link).status_code == 200
    assert place.client.head(link).status_code in (200, 405)
    assert day(place) == "friday"
    assert "Undone" in place.client.post(link, headers=OWN).text
    assert day(place) is None
    assert "Nothing to undo" in place.client.post(link, headers=OWN).text


def test_a_link_that_is_old_or_not_ours_does_nothing(place: Place) -> None:
    link = changed(place)
    assert place.client.post(link[:-3] + "AAA", headers=OWN).status_code == 404
    place.pass_time(days=15)
    assert place.client.post(link, headers=OWN).status_code == 404
    assert day(place) == "friday"


OWN = {"origin": "https://news.example.org", "sec-fetch-site": "same-origin"}
