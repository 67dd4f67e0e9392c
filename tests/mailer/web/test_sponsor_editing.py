"""The page of sponsors: added and removed with who did it; a preview saves nothing."""

from httpx2 import Response

from mailer.edition import planning, sponsors
from recommender.storage import database

from .conftest import PASSWORD, Place

WHO = ("ines", PASSWORD)
PAGE = "/admin/editing/sponsors"
ACME = {"name": "Acme & Sons", "text": "Cool chips.", "link": "https://acme.example/?a=1"}


def post(place: Place, **fields: str) -> Response:
    return place.client.post(
        PAGE, data=fields, auth=WHO, headers={"origin": place.settings.base_url},
        follow_redirects=False,
    )  # fmt: skip


def listed(place: Place) -> list[tuple[str, str, str]]:
    with database.reading(place.engine) as session:
        newsletter = planning.newsletter_of(session, place.settings)
        rows = sponsors.listing(session, newsletter.id, place.moment[0].date())
    return [(row["name"], row["state"], row["by"]) for row in rows]


def test_a_sponsor_is_added_shown_and_removed(open_place: Place) -> None:
    assert post(open_place, action="add", **ACME).status_code == 303
    assert listed(open_place) == [("Acme & Sons", "running", "ines")]
    page = open_place.client.get(PAGE, auth=WHO).text
    assert "Acme &amp; Sons</strong> (running)" in page
    assert "0 readers, 0 clicked" in page
    assert post(open_place, action="remove", sponsor="1").status_code == 303
    assert listed(open_place) == [("Acme & Sons", "removed", "ines")]


def test_a_preview_shows_the_sponsor_and_saves_nothing(open_place: Place) -> None:
    answer = post(open_place, action="preview", **ACME)
    assert answer.status_code == 200
    assert "Visit Acme &amp; Sons" in answer.text
    assert listed(open_place) == []


def test_what_cannot_be_is_named_and_what_was_written_is_not_lost(open_place: Place) -> None:
    for wrong, why in (
        ({"link": "javascript:x"}, "Link: &#39;javascript:x&#39; is no web address"),
        ({"until": "2020-01-01"}, "Last day: 2020-01-01 is past"),
        ({"segment": "gone"}, "No segment &#39;gone&#39;"),
        ({"name": ""}, "Name: has 0 characters"),
    ):
        answer = post(open_place, action="add", **{**ACME, **wrong})
        assert (answer.status_code, why in answer.text) == (400, True)
        assert "Cool chips." in answer.text
    assert post(open_place, action="remove", sponsor="9").status_code == 400
    assert listed(open_place) == []
    assert open_place.client.get(PAGE).status_code == 401
