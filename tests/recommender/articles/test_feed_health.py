"""The share of a feed's articles that was ever picked for anybody."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recommender.articles import feed_fetching, feed_health, intake
from recommender.articles.values import ArticleDraft, ParsedArticle
from recommender.models import (
    Delivery,
    DeliveryState,
    Edition,
    EditionState,
    Newsletter,
    Status,
    Story,
    Subscriber,
    TemplateVersion,
)
from recommender.storage import database


def test_share_of_what_a_feed_brought_that_was_picked(store: Engine, now: datetime) -> None:
    with database.writing(store) as session:
        feeds = [feed_fetching.add(session, f"https://{n}.example/", now=now).id for n in "ab"]
    drafts = [ArticleDraft(str(n), title=f"Story {n}", summary="Words.") for n in range(5)]
    for feed, own in ((feeds[0], drafts[:4]), (None, drafts[4:])):
        found = [ParsedArticle(draft, "f", 1) for draft in own]
        intake.import_articles(lambda: database.writing(store), found, now=now, feed_id=feed)
    with database.writing(store) as session:
        stories = list(session.scalars(sa.select(Story.id).order_by(Story.id)))
        newsletter = session.scalars(sa.select(Newsletter.id)).one()
        session.add(TemplateVersion(hash="t", name="t", html="", text="", at=now))
        reader = Subscriber(
            email="r@example.com", address_hash="0" * 64, status=Status.ACTIVE,
            created_at=now, updated_at=now,
        )  # fmt: skip
        session.add(reader)
        session.flush()
        edition = Edition(
            newsletter_id=newsletter, period="2026-W48", template_hash="t",
            state=EditionState.FINISHED, planned_at=now,
        )  # fmt: skip
        session.add(edition)
        session.flush()
        session.add(
            Delivery(
                edition_id=edition.id,
                subscriber_id=reader.id,
                number=1,
                due_at=now,
                state=DeliveryState.SENT,
                story_ids=[stories[0], stories[4]],
                template_hash="t",
            )
        )
    with database.reading(store) as session:
        assert feed_health.picked(session, now) == {feeds[0]: pytest.approx(0.25)}
        assert feed_health.picked(session, now + timedelta(weeks=13)) == {}
