"""Readers are listed, searched and looked up by editors; that is noted, and no address stands in an
address of a page."""

import re

import pytest
import sqlalchemy as sa

from recommender.models import Status, Subscriber
from recommender.storage import database
from recommender.subscribers import reader_pages

from .conftest import PASSWORD, Place

READER = "hardware@example.com"
AUTH = ("Mina", PASSWORD)


def audit(place: Place) -> list[tuple[str, str]]:
    with place.engine.connect() as connection:
        query = sa.text("SELECT action, about FROM audit_entries ORDER BY id")
        return [(action, about) for action, about in connection.execute(query)]


def key(place: Place, email: str = READER) -> int:
    return place.delivery(email).subscriber_id


def listed(text: str) -> list[str]:
    return re.findall(r'name="reader" value="\d+">(.*?)</button>', text)


def test_a_reader_is_shown_with_history_reasons_and_answers(open_place: Place) -> None:
    answers = [
        open_place.client.post("/admin/reader", data=data, auth=AUTH)
        for data in ({"q": READER}, {"reader": str(key(open_place)), "q": "hard"})
    ]
    for page in answers:
        assert page.status_code == 200
        for words in (f"<h1>{READER}</h1>", "new → active", "The Weekly Brief, 26 November 2026",
                      "topic: "):  # fmt: skip
            assert words in page.text
    assert "those with “hard”" in answers[1].text
    assert audit(open_place) == [("looked up", f"reader {key(open_place)}")] * 2


def test_the_latest_readers_come_first_with_their_numbers(open_place: Place) -> None:
    page = open_place.client.get("/admin/reader", auth=AUTH)
    with database.reading(open_place.engine) as session:
        emails = session.scalars(sa.select(Subscriber.email).order_by(Subscriber.id.desc())).all()
    assert listed(page.text) == emails
    assert f'all <span class="badge">{len(emails)}</span>' in page.text
    assert audit(open_place) == []


def test_a_status_is_a_filter(open_place: Place) -> None:
    with database.writing(open_place.engine) as session:
        session.execute(
            sa.update(Subscriber).where(Subscriber.email == READER).values(status=Status.PAUSED)
        )
    page = open_place.client.get("/admin/reader?status=paused", auth=AUTH)
    assert listed(page.text) == [READER]
    page = open_place.client.get("/admin/reader?status=bounced", auth=AUTH)
    assert "There are none who are bounced." in page.text
    for wrong in ("status=x", "before=x", "after=-1", f"before={'9' * 30}"):
        assert open_place.client.get(f"/admin/reader?{wrong}", auth=AUTH).status_code == 404


def test_a_search_is_noted_without_its_words(open_place: Place) -> None:
    page = open_place.client.post("/admin/reader", data={"q": "HARDW"}, auth=AUTH)
    assert listed(page.text) == [READER]
    assert audit(open_place) == [("searched readers", "")]
    for address in re.findall(r'(?:href|action)="(.*?)"', page.text):
        assert "@" not in address
        assert "hardw" not in address.lower()


def test_lists_and_searches_go_on(open_place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_pages, "MOST", 5)
    every, path = [], "/admin/reader"
    while path:
        text = open_place.client.get(path, auth=AUTH).text
        every += listed(text)
        found = re.search(r'rel="next" href="(.*?)"', text)
        path = found[1].replace("&amp;", "&") if found else ""
    assert len(every) == len(set(every)) == 12
    newer = re.search(r'rel="prev" href="(.*?)"', text)
    assert newer is not None
    assert listed(open_place.client.get(newer[1], auth=AUTH).text) == every[5:10]
    data, searched = {"q": "@example.com"}, []
    while data:
        text = open_place.client.post("/admin/reader", data=data, auth=AUTH).text
        searched += listed(text)
        found = re.search(r'name="before" value="(\d+)">\s+<input[^>]*value="search"', text)
        data = {"q": "@example.com", "before": found[1]} if found else {}
    assert searched == every


def test_a_search_that_ends_early_says_how_far_it_went(
    open_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_pages, "SECONDS", 0.0)
    page = open_place.client.post("/admin/reader", data={"q": "hardw"}, auth=AUTH)
    assert (page.status_code, listed(page.text)) == (200, [])
    assert "The search went back to those who came on 24 Nov 2026" in page.text
    assert "Search on" in page.text


def test_who_is_not_there_is_said(open_place: Place) -> None:
    for words in ("no@example.org", "nobody"):
        page = open_place.client.post("/admin/reader", data={"q": words}, auth=AUTH)
        assert (page.status_code, f"No reader has “{words}”" in page.text) == (200, True)
    page = open_place.client.post("/admin/reader", data={"reader": "999"}, auth=AUTH)
    assert page.status_code == 404
    assert audit(open_place) == [("searched readers", "")] * 2
    assert open_place.client.get("/admin/reader").status_code == 401
