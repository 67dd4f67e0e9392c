"""A home with the sample content, and commands run in a copy of it."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from mailer import cli
from recommender import resources
from recommender.storage import database
from tests.conftest import Stores

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
def filled(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A home with the sample briefs and readers imported, and the URL of its store."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        patch.setenv("NEWSLETTER_HOME", str(home))
        url = f"sqlite:///{home / 'newsletter.db'}"
        if stores.server is not None:
            url = stores.copy(stores.migrated, home)
            patch.setenv("NEWSLETTER_DATABASE_URL", url)
        sample = resources.folder("sample")
        assert cli.run(["init"]) == 0
        assert cli.run(["articles", "import", str(sample / "briefs")]) == 0
        assert cli.run(["subscribers", "import", str(sample / "subscribers.jsonl")]) == 0
    return home, url


@pytest.fixture
def newsletter(
    filled: tuple[Path, str],
    stores: Stores,
    store_like: Callable[[str, Path], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Run a command in a copy of that home; status, standard output, standard error."""
    home = tmp_path / "home"
    folder, url = filled
    shutil.copytree(folder, home)
    monkeypatch.chdir(home)
    monkeypatch.setenv("NEWSLETTER_HOME", str(home))
    if stores.server is not None:
        monkeypatch.setenv("NEWSLETTER_DATABASE_URL", store_like(url, home))
    capsys.readouterr()

    def run(*arguments: str) -> tuple[int, str, str]:
        status = cli.run(arguments)
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return run


@pytest.fixture
def engine(newsletter: Run) -> Iterator[Engine]:
    """The store on which those commands work."""
    engine = database.connect(os.environ.get("NEWSLETTER_DATABASE_URL", "sqlite:///newsletter.db"))
    yield engine
    engine.dispose()


def answer(newsletter: Run, *arguments: str) -> dict[str, Any]:
    status, out, err = newsletter(*arguments, "--json")
    assert (status, err) == (0, "")
    found: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
    return found


RANKED_ARTICLES = [
    {"id": "a1", "title": "Roses in clay soil", "summary": "Compost helps.", "topics": ["Garden"]},
    {"id": "a2", "title": "Rook endgames", "summary": "Chess for evenings.", "topics": ["Chess"],
     "published_at": "2026-11-20"},
    {"id": "d", "title": "Two things", "stories": [
        {"id": "one", "title": "Chess clocks", "summary": "Time trouble.", "topics": ["Chess"]},
        {"id": "two", "title": "Rain barrels", "summary": "Watering.", "topics": ["Garden"]},
    ]},
]  # fmt: skip


RANKED_READERS: list[dict[str, Any]] = [
    {"id": "g", "topics": {"Garden": 3}},
    {"email": "chess@example.com", "topics": ["Chess"],
     "history": [{"article": "a2", "action": "click"}]},
]  # fmt: skip


def write_lines(path: Path, values: list[Any]) -> str:
    path.write_text("".join(json.dumps(value) + "\n" for value in values))
    return str(path)


@pytest.fixture
def rank_files(tmp_path: Path) -> list[str]:
    """The options that name a small file of articles and one of readers."""
    return [
        "--articles", write_lines(tmp_path / "a.jsonl", RANKED_ARTICLES),
        "--subscribers", write_lines(tmp_path / "s.jsonl", RANKED_READERS),
    ]  # fmt: skip


def last_object(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text.strip().splitlines()[-1])
    return found
