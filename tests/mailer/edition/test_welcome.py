"""Who confirms gets a first issue at once, once, and nothing of it again in the next edition."""

import dataclasses
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.delivery import campaign
from mailer.edition import planning, welcome
from mailer.edition.edition_ranker import EditionRanker, EditionRankers
from recommender import newsletters, segments
from recommender.articles import intake as article_intake
from recommender.articles.values import ArticleDraft, ParsedArticle
from recommender.errors import NewsletterError
from recommender.models import Delivery, DeliveryState, Edition, EditionState, Shard, Subscriber
from recommender.settings import Settings
from recommender.storage import database
from recommender.subscribers import fields, intake, self_service

WORDS = ("chip", "loom", "tide", "fern", "opal", "reed", "sage", "dune", "moss", "kelp", "flint")


@dataclasses.dataclass
class Newsroom:
    """A store with eleven stories, and what happens in it."""

    engine: Engine
    settings: Settings
    now: datetime

    def confirm(self, email: str = "new@example.org", topic: str = "Neural Software") -> None:
        draft = fields.draft(0, {"email": email, "topics": {topic: 1.0}, "name": "Mina Okafor"})
        with database.writing(self.engine) as session:
            reader = self_service.request(session, draft, now=self.now, proof={})
            assert reader is not None
            self_service.confirm(session, reader, now=self.now, proof={})

    def welcome(self) -> int | None:
        return welcome.plan(self.engine, self.settings, EditionRankers(self.engine), self.now)

    def send(self, edition: int) -> Any:
        return campaign.send(
            *(self.engine, self.settings),
            edition_id=edition,
            clock=lambda: self.now,
            stop=threading.Event(),
            at_local_time=True,
        )

    def copies(self, email: str = "new@example.org") -> list[Delivery]:
        with database.reading(self.engine) as session:
            query = sa.select(Delivery).join(Subscriber).where(Subscriber.email == email)
            return list(session.scalars(query.order_by(Delivery.id)))

    def publish(self, period: str) -> int:
        return campaign.plan(self.engine, self.settings, period=period, now=self.now)


@pytest.fixture
def newsroom(store: Engine, tmp_path: Path, now: datetime) -> Newsroom:
    drafts = [
        ArticleDraft(
            key=word,
            title=f"Software and the {word}",
            summary=" ".join(f"{word}{other}" for other in WORDS),
            topics=("Neural Software",),
            published_at=now - timedelta(days=1),
        )
        for word in WORDS
    ]
    found = [ParsedArticle(draft, "test", number) for number, draft in enumerate(drafts, 1)]
    article_intake.import_articles(lambda: database.writing(store), found, now=now)
    settings = Settings(home=tmp_path, picks=3, database_url=store.url.render_as_string(False))
    return Newsroom(store, settings, now)


def test_who_confirms_gets_an_issue_at_once_and_the_sum_holds(newsroom: Newsroom) -> None:
    newsroom.confirm()
    edition = newsroom.welcome()
    assert edition is not None
    summary = newsroom.send(edition)
    assert (summary.edition, summary.due, summary.sent) == ("weekly-welcome-2026-W48", 1, 1)
    [copy] = newsroom.copies()
    assert (copy.state, len(copy.story_ids)) == (DeliveryState.SENT, 3)
    [file] = newsroom.settings.outbox.glob("weekly-welcome-2026-W48/*.eml")
    text = file.read_text("utf-8")
    assert "Subject: Welcome: Software and the" in text
    assert "Welcome, Mina!" in text
    assert "List-Id: The Weekly Brief <weekly." in text  # it is left as the newsletter is
    with database.reading(newsroom.engine) as session:
        assert session.get_one(Edition, edition).state == EditionState.FINISHED


def test_nobody_is_welcomed_twice(newsroom: Newsroom) -> None:
    newsroom.confirm()
    assert newsroom.welcome() is not None
    assert newsroom.welcome() is None
    newsroom.now += timedelta(hours=20)  # another week, as it may be
    assert newsroom.welcome() is None
    assert len(newsroom.copies()) == 1


def test_readers_who_confirm_later_are_added_to_the_weeks_edition(newsroom: Newsroom) -> None:
    newsroom.confirm()
    first = newsroom.welcome()
    assert first is not None
    newsroom.send(first)
    newsroom.now += timedelta(minutes=5)
    newsroom.confirm("later@example.org")
    assert newsroom.welcome() == first
    assert newsroom.send(first).sent == 1
    assert [one.number for one in newsroom.copies("later@example.org")] == [2]


def test_the_next_edition_has_other_stories(newsroom: Newsroom) -> None:
    newsroom.confirm()
    newsroom.welcome()
    newsroom.publish("2026-W48")
    first, second = newsroom.copies()
    assert len(second.story_ids) == 3
    assert not set(first.story_ids) & set(second.story_ids)


def test_who_has_an_issue_already_is_not_welcomed(newsroom: Newsroom) -> None:
    newsroom.confirm()
    newsroom.publish("2026-W48")
    assert newsroom.welcome() is None


def test_nobody_is_welcomed_in_the_middle_of_a_planning(newsroom: Newsroom) -> None:
    newsroom.confirm()
    edition = newsroom.publish("2026-W47")
    newsroom.confirm("later@example.org")
    with database.writing(newsroom.engine) as session:
        session.execute(sa.update(Shard).where(Shard.edition_id == edition).values(done=False))
    newsroom.welcome()
    assert newsroom.copies("later@example.org") == []
    with database.writing(newsroom.engine) as session:
        session.execute(sa.update(Shard).values(done=True))
    newsroom.welcome()
    assert len(newsroom.copies("later@example.org")) == 1


def test_readers_who_were_imported_are_not_welcomed(newsroom: Newsroom) -> None:
    rows = [fields.draft(0, {"email": "imported@example.org", "topics": ["Neural Software"]})]
    intake.import_rows(
        lambda: database.writing(newsroom.engine), rows, file="test", now=newsroom.now
    )
    assert newsroom.welcome() is None


def test_who_confirmed_while_nothing_ran_waits_for_the_next_edition(newsroom: Newsroom) -> None:
    newsroom.confirm()
    newsroom.now += timedelta(days=2)
    assert newsroom.welcome() is None


def test_who_is_not_in_the_newsletters_audience_is_not_welcomed(newsroom: Newsroom) -> None:
    with database.writing(newsroom.engine) as session:
        segments.create(session, "pilots", "email = 'pilot@example.org'", now=newsroom.now)
        weekly = newsletters.get(session, "weekly")
        newsletters.change(session, newsroom.settings, weekly, {}, segment="pilots")
    newsroom.confirm()
    assert newsroom.welcome() is None
    newsroom.confirm("pilot@example.org")
    assert newsroom.welcome() is not None
    assert (len(newsroom.copies()), len(newsroom.copies("pilot@example.org"))) == (0, 1)


class _Narrowing(EditionRankers):
    """Rankers; while they choose, the newsletter becomes one for pilots."""

    def __init__(self, newsroom: Newsroom) -> None:
        super().__init__(newsroom.engine)
        self.newsroom = newsroom

    def of(self, edition_id: int) -> EditionRanker:
        with database.writing(self.newsroom.engine) as session:
            segments.create(session, "pilots", "email = 'pilot@x.org'", now=self.newsroom.now)
            weekly = newsletters.get(session, "weekly")
            newsletters.change(session, self.newsroom.settings, weekly, {}, segment="pilots")
        return super().of(edition_id)


def test_who_leaves_the_audience_while_stories_are_chosen_is_not_welcomed(
    newsroom: Newsroom,
) -> None:
    newsroom.confirm()
    welcome.plan(newsroom.engine, newsroom.settings, _Narrowing(newsroom), newsroom.now)
    assert newsroom.copies() == []


def test_for_whom_nothing_fits_it_is_noted_once(newsroom: Newsroom) -> None:
    newsroom.settings = newsroom.settings.replace(relevance_floor=1.0)
    newsroom.confirm(topic="Agriculture Technology")
    edition = newsroom.welcome()
    [copy] = newsroom.copies()
    assert (copy.state, copy.reason) == (DeliveryState.SKIPPED, "nothing_relevant")
    assert newsroom.welcome() is None
    assert edition is not None
    newsroom.send(edition)
    with database.reading(newsroom.engine) as session:
        assert session.get_one(Edition, edition).state == EditionState.FINISHED


def test_two_who_plan_at_once_make_one_copy(newsroom: Newsroom) -> None:
    newsroom.confirm()
    rankers = EditionRankers(newsroom.engine)
    threads = [
        threading.Thread(
            target=welcome.plan, args=(newsroom.engine, newsroom.settings, rankers, newsroom.now)
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(newsroom.copies()) == 1


def test_the_newsletters_own_editions_know_nothing_of_it(newsroom: Newsroom) -> None:
    newsroom.confirm()
    newsroom.welcome()
    with database.reading(newsroom.engine) as session:
        assert not planning.published(session, "weekly", "2026-W48")
        names = [edition.name for edition in session.scalars(sa.select(Edition))]
    assert names == ["weekly-welcome-2026-W48"]


def test_it_cannot_be_planned_by_hand(newsroom: Newsroom) -> None:
    with pytest.raises(NewsletterError, match="the service plans first issues"):
        newsroom.publish("welcome-2026-W48")
