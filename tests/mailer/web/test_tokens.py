"""Keys can be changed and dropped; a reader's links can be revoked, and die with the reader."""

from dataclasses import replace
from typing import Any

import pytest

from mailer import erasure
from mailer.links import Links
from recommender.models import Subscriber
from recommender.storage import database
from recommender.subscribers import address_change, records

from .conftest import Place

WHO = "founder@example.com"


def reader(place: Place) -> Subscriber:
    with database.reading(place.engine) as session:
        return records.find(session, WHO)


@pytest.fixture
def personal(place: Place) -> str:
    """The path of the reader's own link, as the mail brings it."""
    place.client.post(place.path(place.links.preferences(place.delivery(WHO).id)))
    return place.link("preferences")


def test_revoking_voids_personal_links_and_leaves_those_of_issues(
    place: Place, personal: str
) -> None:
    assert place.client.get(personal).status_code == 200
    with database.writing(place.engine) as session:
        address_change.revoke(records.find(session, WHO))
    assert place.client.get(personal).status_code == 404
    assert place.client.post(personal, data={"action": "export"}).status_code == 404
    issue = place.path(place.links.preferences(place.delivery(WHO).id))
    assert place.client.post(issue).status_code == 200
    assert place.client.get(place.link("preferences")).status_code == 200


def test_links_of_the_erased_open_nothing_for_whoever_comes_next(
    place: Place, personal: str
) -> None:
    place.client.post("/subscribe", data={"email": "one@example.org"})
    confirm = place.link("confirm")
    erasure.erase(place.engine, place.settings, "one@example.org", now=place.moment[0])
    place.client.post("/subscribe", data={"email": "two@example.org"})
    assert place.client.post(confirm).status_code == 404
    assert place.status("two@example.org") == "pending"
    copy = place.path(place.links.unsubscribe(place.delivery(WHO).id))
    erasure.erase(place.engine, place.settings, WHO, now=place.moment[0])
    for path in (personal, copy):
        assert place.client.get(path).status_code == 404


def test_a_new_key_signs_the_old_one_verifies_until_it_is_dropped(
    place: Place, personal: str
) -> None:
    app: Any = place.client.app
    site = app.state.site
    issue = place.path(place.links.view(place.delivery(WHO).id))
    rotated = place.settings.replace(
        secret_key="a new key of many characters",
        old_secret_keys=place.settings.secret.decode(),
    )
    app.state.site = replace(site, links=Links(rotated.base_url, rotated.secrets))
    assert [place.client.get(path).status_code for path in (issue, personal)] == [200, 200]
    place.client.post(place.path(place.links.preferences(place.delivery(WHO).id)))
    fresh = place.link("preferences").rpartition("/")[2]
    assert Links(rotated.base_url, rotated.secrets[:1]).read("manage", fresh)
    dropped = place.settings.replace(secret_key="a new key of many characters")
    app.state.site = replace(site, links=Links(dropped.base_url, dropped.secrets))
    assert [place.client.get(path).status_code for path in (issue, personal)] == [404, 404]
    assert place.client.get(f"/preferences/{fresh}").status_code == 200
