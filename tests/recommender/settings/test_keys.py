"""The keys of links: made once, whoever asks and however many ask at once."""

import secrets
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from recommender import settings
from recommender.errors import ConfigurationError
from recommender.settings import keys


def test_many_who_ask_at_once_get_the_same_whole_key(tmp_path: Path) -> None:
    for number in range(50):
        path = tmp_path / str(number) / "secret_key"
        with ThreadPoolExecutor(8) as pool:
            found = set(pool.map(keys.load, [path] * 8))
        assert len(found) == 1
        assert keys.checked("secret_key", found.pop())
        assert [one.name for one in path.parent.iterdir()] == ["secret_key"]


def test_processes_that_start_together_get_the_same_key(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from recommender.settings import keys; "
        "print(keys.load(pathlib.Path('k')))"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    assert len({process.communicate()[0] for process in started}) == 1


def test_a_file_that_can_be_neither_read_nor_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"secret_key: .*file/secret_key"):
        keys.load(tmp_path / "file" / "secret_key")


@pytest.mark.parametrize(
    "key",
    [
        "passwordpassword",
        "x" * 40,
        "abcdefghijklmnopqrst",
        "1234567890123456",
        "Password123456789",
        "changeme-changeme",
        "newsletter-admin-password",
        "at-least-sixteen-characters-that-never-change",
    ],
)
@pytest.mark.parametrize("name", ["SECRET_KEY", "OLD_SECRET_KEYS", "ADMIN_PASSWORD"])
def test_what_can_be_guessed_is_refused_by_name_and_not_said(name: str, key: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^NEWSLETTER_{name}: .*openssl rand") as caught:
        settings.load(environment={f"NEWSLETTER_{name}": key})
    assert key not in str(caught.value)


def test_what_chance_makes_is_taken() -> None:
    for _ in range(200):
        assert keys.weakness(secrets.token_urlsafe(32)) is None
        assert keys.weakness(secrets.token_hex(16)) is None
    assert keys.weakness("correct horse battery staple") is None
