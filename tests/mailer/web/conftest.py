"""A site with a sent issue: the sample's stories, three readers, mail in an outbox."""

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from mailer.delivery import campaign
from mailer.links import Links
from mailer.web import app
from recommender import resources
from recommender.articles import import_files
from recommender.articles import intake as article_intake
from recommender.models import Delivery, DeliveryState, Event, Status, Subscriber
from recommender.settings import Settings
from recommender.storage import database
from recommender.subscribers import files, intake, records
from tests.conftest import Stores

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from .browsing import Live

SENT_AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def plain(message: EmailMessage) -> str:
    """The words of a message: its text part."""
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


@dataclass
class Place:
    """The running site and what a test looks at."""

    client: TestClient
    engine: Engine
    settings: Settings
    links: Links
    moment: list[datetime] = field(default_factory=list)

    def pass_time(self, **much: float) -> None:
        self.moment[0] += timedelta(**much)

    def mail(self, folder: str = "service") -> list[EmailMessage]:
        """The messages of an outbox folder, the oldest first."""
        found = []
        for path in sorted((self.settings.outbox / folder).glob("*.eml")):
            message = message_from_bytes(path.read_bytes(), policy=policy.default)
            assert isinstance(message, EmailMessage)
            found.append(message)
        return found

    def link(self, word: str) -> str:
        """The path of the link with ``word`` in it, in the newest service mail."""
        text = plain(self.mail()[-1])
        found = [line for line in text.split() if f"/{word}/" in line]
        return found[-1].removeprefix(self.settings.base_url)

    def path(self, url: str) -> str:
        return url.removeprefix(self.settings.base_url)

    def status(self, email: str) -> Status | None:
        with database.reading(self.engine) as session:
            return session.scalar(sa.select(Subscriber.status).where(Subscriber.email == email))

    def delivery(self, email: str) -> Delivery:
        with database.reading(self.engine) as session:
            query = sa.select(Delivery).join(Subscriber).where(Subscriber.email == email)
            return session.scalars(query).one()

    def events(self) -> list[Event]:
        self.client.app.state.clicks.flush()  # type: ignore[attr-defined]  # an ASGI app to mypy
        with database.reading(self.engine) as session:
            return list(session.scalars(sa.select(Event).order_by(Event.id)))


@pytest.fixture(scope="session")
def published(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with the sample's briefs and readers, and its issue sent to the outbox."""
    home = tmp_path_factory.mktemp("published")
    settings = Settings(home=home, database_url=stores.copy(stores.migrated, home))
    engine = database.connect(settings.store_url)
    sample = resources.folder("sample")
    briefs = import_files.drafts([sample / "briefs"], SENT_AT)
    article_intake.import_articles(lambda: database.writing(engine), briefs, now=SENT_AT)
    intake.import_rows(
        lambda: database.writing(engine),
        files.read(sample / "subscribers.jsonl"),
        file="sample",
        now=SENT_AT,
    )
    edition = campaign.plan(engine, settings, period="2026-W48", now=SENT_AT)
    campaign.send(
        engine,
        settings,
        edition_id=edition,
        clock=lambda: SENT_AT,
        stop=threading.Event(),
        at_local_time=False,
    )
    stores.settle(engine)
    return settings


@pytest.fixture
def afterwards(
    published: Settings, store_like: Callable[[str, Path], str], tmp_path: Path
) -> Settings:
    """A home of this test's own that holds the same."""
    home = tmp_path / "home"
    shutil.copytree(published.home, home)
    return published.replace(home=home, database_url=store_like(published.store_url, home))


@pytest.fixture
def place(afterwards: Settings) -> Iterator[Place]:
    """The site five minutes after the issue went out."""
    settings = afterwards.replace(base_url="https://news.example.org")
    engine = database.connect(settings.store_url)
    moment = [SENT_AT + timedelta(minutes=5)]
    site = app.create(engine, settings, lambda: moment[0])
    with TestClient(
        site,
        base_url=settings.base_url,
        follow_redirects=False,
        raise_server_exceptions=False,
        headers={"user-agent": PERSON},
    ) as client:
        links = Links(settings.base_url, settings.secrets)
        yield Place(client, engine, settings, links, moment)
    engine.dispose()


@pytest.fixture
def live(afterwards: Settings) -> Iterator["Live"]:
    """The same site on a port of its own."""
    from .browsing import Live

    with Live(afterwards) as site:
        yield site


@pytest.fixture
def browser() -> Iterator["Browser"]:
    from .browsing import chromium

    yield from chromium()


@pytest.fixture
def sent(place: Place) -> Callable[[str], Delivery]:
    """``sent(email)``: the reader's copy, which was sent."""

    def find(email: str) -> Delivery:
        delivery = place.delivery(email)
        assert delivery.state == DeliveryState.SENT
        return delivery

    return find


WHO = "founder@example.com"


@pytest.fixture
def personal(place: Place) -> str:
    """The path of the reader's own link, as the mail brings it."""
    issue = place.path(place.links.preferences(place.delivery(WHO).id))
    assert place.client.post(issue).status_code == 200
    return place.link("preferences")


def saved(place: Place) -> dict[str, object]:
    with database.reading(place.engine) as session:
        return records.document(records.find(session, WHO))


PASSWORD = "correct horse battery staple"


@pytest.fixture
def open_place(place: Place) -> Place:
    state = place.client.app.state  # type: ignore[attr-defined]  # an ASGI app to mypy
    settings = place.settings.model_copy(update={"admin_password": SecretStr(PASSWORD)})
    state.site = replace(state.site, settings=settings)
    return place
