"""Nobody can use the pages to flood a mailbox, whichever process is asked."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from mailer.web import app, limits
from recommender import database
from recommender.models import RateLimit

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
