"""The mailbox of other newsletters is read by the service, each mail once."""

import mailbox
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.service import newsletter_polling
from recommender.errors import ConfigurationError
from recommender.models import Article
from recommender.settings import Settings
from recommender.storage import database
from tests.mailer.inbound.test_newsletters import DIGEST, mail


def settings(home: Path, **values: object) -> Settings:
    given = {"newsletter_mailbox": home / "in", "newsletter_senders": "@canals.example"}
    return Settings(home=home, **(given | values))  # type: ignore[arg-type]


def deliver(home: Path, *mails: bytes) -> None:
    folder = mailbox.Maildir(home / "in")
    for one in mails:
        folder.add(one)


def test_each_mail_becomes_an_article_once(store: Engine, tmp_path: Path, now: datetime) -> None:
    deliver(tmp_path, mail(DIGEST), mail(text="Words.", From="x@evil.example"))
    (polled,) = newsletter_polling.poll(store, settings(tmp_path), lambda: now)
    assert (polled.report.added, polled.report.left_out.number, polled.problem) == (1, 1, None)
    deliver(tmp_path, mail(DIGEST))  # as after a kill between store and mailbox
    (polled,) = newsletter_polling.poll(store, settings(tmp_path), lambda: now)
    assert (polled.report.added, polled.report.unchanged) == (0, 1)
    with database.reading(store) as session:
        (article,) = session.scalars(sa.select(Article))
        assert len(article.stories) == 3
    assert list((tmp_path / "in" / "new").iterdir()) == []


def test_a_mailbox_that_is_away_is_named_and_a_wrong_setting_too(
    store: Engine, tmp_path: Path, now: datetime
) -> None:
    (polled,) = newsletter_polling.poll(store, settings(tmp_path), lambda: now)
    assert polled.problem is not None
    wrong = settings(tmp_path, newsletter_mailbox="imaps://host/INBOX")
    with pytest.raises(ConfigurationError, match="newsletter_mailbox: mailbox 1 "):
        list(newsletter_polling.poll(store, wrong, lambda: now))


def test_without_a_mailbox_there_is_nothing_to_do(
    store: Engine, tmp_path: Path, now: datetime
) -> None:
    assert list(newsletter_polling.poll(store, Settings(home=tmp_path), lambda: now)) == []
