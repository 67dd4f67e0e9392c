import pytest
from sqlalchemy.engine import Engine

from mailer.preview import drafts
from recommender import settings
from recommender.errors import NewsletterError
from recommender.storage import database
from tests.conftest import NOW


def test_without_any_story_there_is_nothing_to_show(store: Engine) -> None:
    found = settings.load(None, {})
    with (
        database.reading(store) as session,
        pytest.raises(NewsletterError, match="import some first"),
    ):
        drafts.issue(session, found, "2026-W48", subject="", notes={}, segment=None, now=NOW)
