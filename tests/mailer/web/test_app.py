"""The pages while the store is held by others."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from recommender.storage import database

from .conftest import Place


def test_a_page_that_would_wait_for_the_store_says_so(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    if place.engine.dialect.name != "sqlite":
        pytest.skip("on PostgreSQL nobody holds the whole store")

    def ask(number: int) -> tuple[int, str, float]:
        begun = time.monotonic()
        answer = place.client.post("/subscribe", data={"email": f"new{number}@example.org"})
        after = answer.headers.get("retry-after", answer.text)
        return answer.status_code, after, time.monotonic() - begun

    with database.writing(place.engine) as session, ThreadPoolExecutor(20) as pool:
        session.connection()  # has the lock from here on
        found = list(pool.map(ask, range(20)))
        assert place.client.get("/archive").status_code == 200
    assert {(status, after) for status, after, _ in found} == {(503, "5")}
    assert max(seconds for *_, seconds in found) < 12
    assert len(caplog.records) <= 2
    assert "new1@" not in caplog.text
    assert place.client.post("/subscribe", data={"email": "new@example.org"}).status_code == 200


@pytest.mark.parametrize("path", ["/nothing", "/confirm/damaged", "/preferences/damaged"])
def test_a_page_that_leads_nowhere_leads_on(place: Place, path: str) -> None:
    answer = place.client.get(path)
    assert answer.status_code == 404
    for onward in ("/subscribe", "/archive"):
        assert f'class="next" href="{onward}"' in answer.text


def test_a_page_that_a_readers_own_link_opens_asks_nobody_to_subscribe(
    place: Place, personal: str
) -> None:
    links, copy = place.links, place.delivery("founder@example.com")
    own = (
        *(links.view(copy.id), links.unsubscribe(copy.id), links.preferences(copy.id)),
        *(links.keep(copy.id), links.feedback(copy.id, copy.story_ids[0], "less"), personal),
    )
    assert 'class="call"' in place.client.get("/archive").text
    for url in own:
        for answer in (place.client.get(place.path(url)), place.client.post(place.path(url))):
            assert 'class="call"' not in answer.text, url
