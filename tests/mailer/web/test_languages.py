"""Each page speaks the reader's language; mail that readers ask for does, too."""

import pytest
import sqlalchemy as sa

from recommender.models import Subscriber
from recommender.storage import database
from recommender.subscribers import records

from .conftest import SENT_AT, Place, plain

GERMAN = {"accept-language": "de-AT,de;q=0.9,en;q=0.5"}


def speak(place: Place, locale: str, email: str = "hardware@example.com") -> None:
    with database.writing(place.engine) as session:
        session.execute(
            sa.update(Subscriber).where(Subscriber.email == email).values(locale=locale)
        )


def test_pages_speak_as_the_browser_prefers(place: Place) -> None:
    for headers, tag, word in (({}, "en", "Archive"), (GERMAN, "de-AT", "Archiv")):
        page = place.client.get("/archive", headers=headers)
        assert f'<html lang="{tag}"' in page.text
        assert f"<h1>{word}</h1>" in page.text
        assert page.headers["content-language"] == tag
        assert "Accept-Language" in page.headers["vary"]


def test_a_reader_we_know_is_spoken_to_as_they_chose(place: Place) -> None:
    delivery = place.delivery("hardware@example.com")
    speak(place, "de")
    story = delivery.story_ids[0]
    for url, words in (
        (place.links.unsubscribe(delivery.id), "abbestellen?"),
        (place.links.preferences(delivery.id), "Link zusenden"),
        (place.links.feedback(delivery.id, story, "less"), "Weniger davon?"),
    ):
        assert words in place.client.get(place.path(url), headers={"accept-language": "en"}).text


def test_a_page_can_be_asked_for_in_another_language(place: Place) -> None:
    assert "<h1>Archiv</h1>" in place.client.get("/archive?lang=de").text
    assert "<h1>Archive</h1>" in place.client.get("/archive?lang=en", headers=GERMAN).text
    assert "<h1>Archive</h1>" in place.client.get("/archive?lang=%00%22xx").text


@pytest.mark.parametrize("method", ["form", "browser"])
def test_who_subscribes_in_german_gets_german_mail(place: Place, method: str) -> None:
    form = {"email": "neu@example.org", "topics": ["AI Strategy"]}
    chosen, headers = ({"locale": "de"}, {}) if method == "form" else ({}, GERMAN)
    place.client.post("/subscribe", data=form | chosen, headers=headers)
    mail = place.mail()[-1]
    assert mail["subject"] == "Bitte bestätigen: The Weekly Brief"
    assert str(mail["content-language"]).startswith("de")
    assert "Bitte bestätigen Sie das" in plain(mail)
    page = place.client.post(place.link("confirm"))
    assert "Sie sind angemeldet" in page.text


def test_changing_the_language_keeps_the_rest_of_the_locale(place: Place) -> None:
    speak(place, "de-AT")
    with database.reading(place.engine) as session:
        reader = records.find(session, "hardware@example.com")
    until = SENT_AT.replace(year=2027)
    link = place.path(place.links.manage(reader.id, reader.link_key, until))

    def saved(language: str) -> str | None:
        place.client.post(link, data={"action": "save", "locale": language})
        with database.reading(place.engine) as session:
            return records.find(session, "hardware@example.com").locale

    assert [saved("de"), saved("en"), saved("de")] == ["de-AT", "en", "de"]


def test_what_is_wrong_with_a_form_is_said_in_the_readers_language(place: Place) -> None:
    form = {"email": "a@example.org", "more_topics": "Cheap Pills"}
    page = place.client.post("/subscribe?lang=de", data=form)
    assert "„Cheap Pills“ kennen wir nicht." in page.text
    page = place.client.post("/subscribe?lang=de", data={"email": "nobody"})
    assert "An diese Adresse lässt sich keine E-Mail senden." in page.text
    page = place.client.post(
        "/subscribe?lang=de", data=form, headers={"origin": "https://x.example"}
    )
    assert (page.status_code, "Das geht leider nicht" in page.text) == (403, True)
