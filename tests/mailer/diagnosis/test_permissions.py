"""Files are for their owner alone, whatever the umask; and what is not, the doctor names."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailer import cli
from recommender import resources
from recommender.safety import private_files
from tests.mailer.cli.conftest import Run

READER = "hardware@example.com"
COMMANDS = [
    ["init"],
    ["articles", "import", str(resources.folder("sample") / "briefs")],
    ["subscribers", "import", str(resources.folder("sample") / "subscribers.jsonl")],
    ["demo", "--home", "home/demo"],
    ["preview", READER, "--html", "i.html", "--text", "i.txt", "--eml", "i.eml"],
    ["editions", "send"],
    ["subscribers", "export", "readers.csv"],
    ["subscribers", "export", "readers.jsonl"],
    ["store", "backup", "backup.db"],
    ["store", "copy", "--to", "sqlite:///folder/copy.db"],
    ["doctor"],
]


@pytest.fixture
def _usual_umask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEWSLETTER_HOME", "home")
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode)
        for path in folder.rglob("*")
    }


@pytest.mark.usefixtures("_usual_umask")
def test_whatever_a_command_writes_is_for_its_owner_alone(tmp_path: Path) -> None:
    Path("home").mkdir(0o755)
    Path("readers.csv").touch(0o644)
    for command in COMMANDS:
        os.umask(0o022)
        assert cli.run(command) == 0, command
    found = modes(tmp_path)
    assert found.pop("home") == 0o755  # which was there before
    assert {"newsletter.toml", "home/newsletter.db", "backup.db", "home/demo/index.html"} <= set(
        found
    )
    assert any(name.endswith(".eml") and "outbox" in name for name in found)
    open_to_others = {name: oct(mode) for name, mode in found.items() if mode & 0o077}
    assert open_to_others == {}


@pytest.mark.usefixtures("_usual_umask")
def test_a_file_is_private_though_the_umask_would_let_everybody_in(tmp_path: Path) -> None:
    os.umask(0)
    private_files.make_folder(tmp_path / "a" / "b")
    private_files.write(tmp_path / "a" / "b" / "c", "text")
    (tmp_path / "old").touch(0o666)
    private_files.write(tmp_path / "old", b"text")
    assert modes(tmp_path) == {"a": 0o700, "a/b": 0o700, "a/b/c": 0o600, "old": 0o600}


def test_a_full_disk_is_said_with_the_file(newsletter: Run) -> None:
    said = "error: /dev/full: No space left on device\n"
    assert newsletter("preview", READER, "--html", "/dev/full") == (1, "", said)
    Path("out.csv").symlink_to("/dev/full")
    status, _, err = newsletter("subscribers", "export", "out.csv")
    assert (status, err) == (1, "error: out.csv: No space left on device\n")


def test_the_doctor_names_what_lets_others_in_and_the_remedy(newsletter: Run) -> None:
    here = Path.cwd()
    loose = [("settings", here / "newsletter.toml", 0o644)]
    if (here / "newsletter.db").exists():  # no file of ours on PostgreSQL
        loose.append(("store", here / "newsletter.db", 0o640))
    for _, path, mode in loose:
        path.chmod(mode)
    _, out, _ = newsletter("doctor")
    for what, path, mode in loose:
        assert f"{what}: others may use it (mode {mode:04o}); chmod 600 {path}" in out
    for path in (here, *here.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    assert "others may" not in newsletter("doctor")[1]


@pytest.mark.usefixtures("_usual_umask")
def test_what_holds_keys_and_readers_is_kept_out_of_git() -> None:
    assert cli.run(["init"]) == 0
    assert Path(".gitignore").read_text() == "/newsletter.toml\n"
    assert Path("home/.gitignore").read_text() == "*\n"
    Path(".gitignore").write_text("mine\n")
    Path("newsletter.toml").unlink()
    assert cli.run(["init"]) == 0
    assert Path(".gitignore").read_text() == "mine\n"
