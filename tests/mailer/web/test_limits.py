"""Nobody can use the pages to flood a mailbox, whichever process is asked."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from mailer.web import app, limits
from recommender.models import RateLimit
from recommender.storage import database

from .conftest import PERSON, Place


@pytest.fixture
def another(place: Place) -> Iterator[TestClient]:
    """A second process' application over the same store."""
    engine = database.connect(place.settings.store_url)
    site = app.create(engine, place.settings, lambda: place.moment[0])
    with TestClient(
        site, base_url=place.settings.base_url, headers={"user-agent": PERSON}
    ) as client:
        yield client
    engine.dispose()


def ask(client: TestClient, email: str) -> int:
    form = {"email": email, "topics": "AI Strategy"}
    return client.post("/subscribe", data=form).status_code


def test_a_limit_holds_for_all_processes_together(place: Place, another: TestClient) -> None:
    email = "new@example.org"
    answers = []
    for client in (place.client, another) * 3:
        answers.append(ask(client, email))
        place.pass_time(seconds=1)
    assert sorted(answers) == [200, 200, 200, 429, 429, 429]
    assert len(place.mail()) == 3
    place.pass_time(minutes=62)
    assert ask(another, email.upper()) == 200


def test_one_client_cannot_write_to_everybody(place: Place) -> None:
    answers = [ask(place.client, f"reader{number}@example.org") for number in range(25)]
    assert (answers.count(200), answers.count(429)) == (20, 5)
    assert len(place.mail()) == 20


def test_the_limits_hold_no_address(place: Place) -> None:
    ask(place.client, "new@example.org")
    with database.reading(place.engine) as session:
        keys = session.scalars(sa.select(RateLimit.key)).all()
    assert len([key for key in keys if key.startswith("pages ")]) == 3
    assert not any("new" in key or "testclient" in key for key in keys)


@pytest.mark.parametrize(
    "alike",
    [
        [f"victim+{number}@example.org" for number in range(6)],
        ["ada.b@gmail.com", "adab@googlemail.com", "a.da.b@gmail.com", "AdaB+x@gmail.com"],
    ],
)
def test_one_mailbox_is_one_address_however_it_is_written(place: Place, alike: list[str]) -> None:
    answers = [ask(place.client, one) for one in alike]
    assert answers.count(200) == 3
    assert limits.mailbox("ada.b@example.org") != limits.mailbox("adab@example.org")


def test_the_waits_grow_for_an_address_that_is_asked_for_on_and_on(place: Place) -> None:
    mailed = []
    for _day in range(28):
        for _ in range(4):
            ask(place.client, "victim@example.org")
            place.pass_time(hours=6)
        mailed.append(len(place.mail()))
    assert mailed[0] == 4
    assert mailed[6] <= 8
    assert mailed[-1] <= 12


def test_a_large_network_is_no_crowd(place: Place) -> None:
    allowed = place.client.app.state.site.limits.allow  # type: ignore[attr-defined]  # an ASGI app to mypy
    taken = [
        allowed(f"reader{n}@example.org", f"2001:db8:1:{n // 10:x}00::{n % 10:x}")
        for n in range(400)
    ]
    assert taken.count(True) == 200  # of one /48
    near = [allowed(f"near{n}@example.org", f"2001:db8:3:{n:x}::1") for n in range(80)]
    assert near.count(True) == 60  # of one /56
    assert allowed("honest@example.org", "2001:db8:2::1")
    assert [allowed(f"other{n}@example.org", f"192.0.2.{n}") for n in range(120)].count(True) == 100


def test_strangers_keep_no_reader_from_their_link(place: Place) -> None:
    who = "founder@example.com"
    for _ in range(5):
        ask(place.client, who)
        place.pass_time(seconds=1)
    for number in range(30):
        ask(place.client, f"reader{number}@example.org")
    link = place.path(place.links.preferences(place.delivery(who).id))
    mailed = len(place.mail())
    place.pass_time(seconds=1)
    assert place.client.post(link).status_code == 200
    assert len(place.mail()) == mailed + 1


def test_links_to_confirm_with_can_be_tried_a_hundred_times(place: Place) -> None:
    answers = {place.client.post(f"/confirm/x{number}").status_code for number in range(100)}
    assert answers == {404}
    assert place.client.post("/confirm/x").status_code == 429


@pytest.mark.parametrize(
    ("client", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("testclient", "testclient"),
    ],
)
def test_a_household_is_one_client(client: str, network: str) -> None:
    assert limits.network(client) == network
