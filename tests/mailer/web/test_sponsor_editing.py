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
    assert 'Acme &amp; Sons</strong> <span class="badge strong">running</span>' in page
    assert "0 readers · " in page
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


def test_a_sponsor_is_changed_under_its_number(open_place: Place) -> None:
    post(open_place, action="add", **ACME, **{"from": "2026-11-20", "until": "2026-12-31"})
    page = open_place.client.get(PAGE, params={"sponsor": "1"}, auth=WHO).text
    for shown in ("Edit Acme &amp; Sons", ">Cool chips.<", 'type="date" value="2026-12-31"'):
        assert shown in page
    given = {**ACME, "text": "Cooler chips.", "from": "2026-11-20", "until": "2027-01-31"}
    assert post(open_place, action="change", sponsor="1", **given).status_code == 303
    assert post(open_place, action="change", sponsor="1", **given).status_code == 303  # as it is
    with database.reading(open_place.engine) as session:
        newsletter = planning.newsletter_of(session, open_place.settings)
        [row] = sponsors.listing(session, newsletter.id, open_place.moment[0].date())
        said = sponsors.contents(session, newsletter.name)
    assert (row["id"], row["text"], str(row["until"])) == (1, "Cooler chips.", "2027-01-31")
    assert [one.text for one in said.values()] == ["Cool chips.", "Cooler chips."]
    wrong = post(open_place, action="change", sponsor="1", **{**given, "until": "2026-11-01"})
    assert (wrong.status_code, "Edit Acme" in wrong.text) == (400, True)
    assert "No sponsor 7" in open_place.client.get(PAGE, params={"sponsor": "7"}, auth=WHO).text
    assert post(open_place, action="remove", sponsor="1").status_code == 303
    assert "was removed on" in open_place.client.get(PAGE, params={"sponsor": "1"}, auth=WHO).text
