"""A small newsletter that is ready to send: settings, a store with stories and readers."""

import random
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from recommender import settings
from recommender.articles import intake as articles
from recommender.articles.values import ArticleDraft, ParsedArticle
from recommender.settings import Settings
from recommender.storage import database
from recommender.subscribers import fields, intake

SUBJECTS = ("TPU Development", "Neural Software", "Data Engineering", "Robotics Automation")
ZONES = ("Europe/Berlin", "Asia/Tokyo", "America/Los_Angeles", "Pacific/Auckland", None)


@pytest.fixture
def home(store_asked_for: Engine, tmp_path: Path) -> Path:
    """A folder with a fresh store in it, or settings that say where that is."""
    if store_asked_for.dialect.name != "sqlite":
        address = store_asked_for.url.render_as_string(hide_password=False)
        (tmp_path / "newsletter.toml").write_text(f'database_url = "{address}"\n')
    return tmp_path


@pytest.fixture
def configured(home: Path) -> Callable[..., Settings]:
    """Settings for this home, with changes."""

    def make(**changes: object) -> Settings:
        file = home / "newsletter.toml"
        base = settings.load(
            file if file.exists() else None, environment={"NEWSLETTER_HOME": str(home)}
        )
        return base.replace(home=home, **changes)

    return make


@pytest.fixture
def engine(store_asked_for: Engine) -> Engine:
    return store_asked_for


def words(seed: str) -> str:
    """Forty made-up words of this story's own, so that no two stories are alike."""
    chance = random.Random(seed)
    syllables = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
    return " ".join("".join(chance.choices(syllables, k=3)) for _ in range(40))


def add_stories(engine: Engine, now: datetime, label: str = "") -> None:
    """Two fresh stories on each of the four subjects."""
    drafts = [
        ArticleDraft(
            key=f"{subject}-{number}{label}".replace(" ", "-").lower(),
            title=f"{subject}, report {number} {label}",
            summary=f"What changed in {subject}: {words(f'{subject}{number}{label}')}.",
            takeaway=f"Plan for {subject}.",
            topics=(subject,),
            published_at=now,
        )
        for subject in SUBJECTS
        for number in (1, 2)
    ]
    found = [ParsedArticle(draft, "sample", number) for number, draft in enumerate(drafts, 1)]
    report = articles.import_articles(lambda: database.writing(engine), found, now=now)
    assert report.rejected == []


def add_readers(engine: Engine, now: datetime, number: int) -> None:
    """Readers with one subject each, in time zones all over the world."""
    rows = [
        fields.draft(
            n,
            {
                "email": f"reader{n}@example.com",
                "topics": {SUBJECTS[n % len(SUBJECTS)]: 3},
                "timezone": ZONES[n % len(ZONES)],
            },
        )
        for n in range(number)
    ]
    report = intake.import_rows(lambda: database.writing(engine), rows, file="readers", now=now)
    assert report.added == number


@pytest.fixture
def stories() -> Callable[..., None]:
    return add_stories


@pytest.fixture
def readers() -> Callable[..., None]:
    return add_readers
