"""A home with the sample content, and commands run in a copy of it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from mailer import cli
from recommender import resources

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the sample briefs and readers imported."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        patch.setenv("NEWSLETTER_HOME", str(home))
        _fill()
    return home


def _fill() -> None:
    sample = resources.folder("sample")
    assert cli.run(["init"]) == 0
    assert cli.run(["articles", "import", str(sample / "briefs")]) == 0
    assert cli.run(["subscribers", "import", str(sample / "subscribers.jsonl")]) == 0


@pytest.fixture
def newsletter(
    filled: Path,
    elsewhere: Engine | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Run a command in a copy of that home; status, standard output, standard error."""
    home = tmp_path / "home"
    shutil.copytree(filled, home)
    monkeypatch.chdir(home)
    monkeypatch.setenv("NEWSLETTER_HOME", str(home))
    if elsewhere is not None:
        address = elsewhere.url.render_as_string(hide_password=False)
        monkeypatch.setenv("NEWSLETTER_DATABASE_URL", address)
        _fill()
    capsys.readouterr()

    def run(*arguments: str) -> tuple[int, str, str]:
        status = cli.run(arguments)
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return run
