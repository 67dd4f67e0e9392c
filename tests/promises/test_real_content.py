"""The same holds for real content: a curated digest beside eighteen months of a weekly."""

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer import cli
from recommender import resources
from recommender.models import Delivery
from recommender.storage import database


@pytest.fixture
def home(
    shared_data: Path, store_asked_for: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A new home with the real content and the sample readers."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEWSLETTER_HOME", str(tmp_path))
    address = store_asked_for.url.render_as_string(hide_password=False)
    monkeypatch.setenv("NEWSLETTER_DATABASE_URL", address)
    seed = shared_data / "seeds" / "645-brief.txt"
    weekly = shared_data / "data" / "ml-weekly" / "articles.jsonl"
    assert cli.run(["articles", "import", str(seed), str(weekly)]) == 0
    readers = resources.folder("sample") / "subscribers.jsonl"
    assert cli.run(["subscribers", "import", str(readers)]) == 0
    return tmp_path


def picks(capsys: pytest.CaptureFixture[str], email: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert cli.run(["picks", email, "--json"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out.splitlines()[-1])["picks"]
    return found


def test_each_reader_gets_their_own_story_of_the_digest(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert picks(capsys, "hardware@example.com")[0]["title"] == "Five Gens of TPUs"
    assert picks(capsys, "founder@example.com")[0]["title"] == "Neural Software"


def test_everybody_gets_an_issue_of_their_own(
    home: Path, store_asked_for: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["editions", "send", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["sent"] == 12
    assert len(list(home.glob("outbox/*/*.eml"))) == 12
    with database.reading(store_asked_for) as session:
        issues = [tuple(ids) for ids in session.scalars(sa.select(Delivery.story_ids))]
    assert len(set(issues)) == 12
