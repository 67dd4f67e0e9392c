"""No reader's address is part of any link, of any page or mail."""

import re
from collections.abc import Iterator
from urllib.parse import unquote

import pytest
import sqlalchemy as sa
from selectolax.lexbor import LexborHTMLParser

from recommender.models import Subscriber
from recommender.storage import database

from .conftest import Place

WHO, NEW, FRESH = "founder@example.com", "moved@new.example", "fresh@new.example"


def linked(html: str) -> Iterator[str]:
    """Everything in a page that a browser may go to or send along with a request."""
    for node in LexborHTMLParser(html).css("[href], [src], [action], [formaction]"):
        for name in ("href", "src", "action", "formaction"):
            yield node.attributes.get(name) or ""


class Walk:
    """Goes a reader's whole way and notes every link it sees, with where it stands."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.seen: list[tuple[str, str]] = []

    def page(self, path: str, *forms: dict[str, str]) -> None:
        """Look at a page, then send each form to it."""
        client = self.place.client
        self.place.pass_time(seconds=90)
        for answer in (client.get(path), *(client.post(path, data=form) for form in forms)):
            assert answer.status_code < 500
            links = (path, answer.headers.get("location", ""), *linked(answer.text))
            self.seen.extend((path, link) for link in links)

    def mail(self, folder: str) -> None:
        """Look at all mail of an outbox folder."""
        for message in self.place.mail(folder):
            texts = [str(p.get_content()) for p in message.walk() if not p.is_multipart()]
            headers = " ".join(v for k, v in message.items() if k.lower().startswith("list-"))
            for text in (headers, *texts):
                links = (*re.findall(r"https?://[^\s<>\"]+", text), *linked(text))
                self.seen.extend((str(message["Subject"]), link) for link in links)


@pytest.fixture
def seen(place: Place) -> list[tuple[str, str]]:
    """Links of every page and mail of a reader's whole way."""
    walk, delivery, links = Walk(place), place.delivery(WHO), place.links
    story = delivery.story_ids[0]
    walk.page("/subscribe", {"email": FRESH, "topics": "AI Strategy"})
    walk.page(place.link("confirm"), {})
    walk.page(place.path(links.preferences(delivery.id)), {})
    own = place.link("preferences")
    walk.page(own, {"name": "X"}, {"action": "preview"}, {"action": "pause", "weeks": "1"})
    walk.page(own, {"action": "address", "email": NEW})
    walk.page(place.link("address"), {})
    walk.page(place.path(links.feedback(delivery.id, story, "less")), {})
    walk.page(place.path(links.unsubscribe(delivery.id)), {})
    for path in (links.view(delivery.id), links.click(delivery.id, story)):
        walk.page(place.path(path))
    for path in ("/archive", "/archive/weekly-2026-W48", "/archive/feed.xml", "/nowhere"):
        walk.page(path)
    for folder in ("service", "weekly-2026-W48"):
        walk.mail(folder)
    return walk.seen


def test_no_link_names_a_reader(place: Place, seen: list[tuple[str, str]]) -> None:
    assert len(seen) > 300
    with database.reading(place.engine) as session:
        emails = [*session.scalars(sa.select(Subscriber.email)), WHO, NEW, FRESH]
    words = {part for email in emails for part in (email, email.replace("@", "%40"))}
    for where, link in seen:
        plain = unquote(link).casefold()
        assert not [word for word in words if word.casefold() in plain], (where, link)
