"""A home with the sample content, and commands run in a copy of it."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

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
