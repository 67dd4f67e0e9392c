"""A home with the sample content, and commands run in a copy of it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mailer import cli
from recommender import resources

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the sample briefs and readers imported."""
    home = tmp_path_factory.mktemp("home")
    sample = resources.folder("sample")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        patch.setenv("NEWSLETTER_HOME", str(home))
        assert cli.run(["init"]) == 0
        assert cli.run(["articles", "import", str(sample / "briefs")]) == 0
        assert cli.run(["subscribers", "import", str(sample / "subscribers.jsonl")]) == 0
    return home


@pytest.fixture
def newsletter(
    filled: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Run a command in a copy of that home; status, standard output, standard error."""
    home = tmp_path / "home"
    shutil.copytree(filled, home)
    monkeypatch.chdir(home)
    monkeypatch.setenv("NEWSLETTER_HOME", str(home))
    capsys.readouterr()

    def run(*arguments: str) -> tuple[int, str, str]:
        status = cli.run(arguments)
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return run
