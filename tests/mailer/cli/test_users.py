"""`newsletter users`: accounts of operators, with the password from standard input."""

import io
from collections.abc import Callable

import pytest

from .conftest import Run, answer

PASSWORD = "f7Q-late-otter-9-window"


@pytest.fixture
def add(newsletter: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    def add(*arguments: str, password: str = PASSWORD) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
        return newsletter("users", "add", *arguments)

    return add


def test_accounts_are_added_listed_and_disabled(
    newsletter: Run, add: Callable[..., tuple[int, str, str]]
) -> None:
    assert "no users yet" in newsletter("users", "list")[1]
    status, out, _ = add("mina", "--role", "editor", "--totp")
    assert status == 0
    assert "mina may sign in at https://" in out
    assert "otpauth://totp/newsletter:mina?secret=" in out
    assert PASSWORD not in out
    [user] = answer(newsletter, "users", "list")["users"]
    assert (user["name"], user["role"], user["totp"], user["sessions"]) == (
        "mina",
        "editor",
        True,
        0,
    )
    assert newsletter("users", "disable", "mina")[0] == 1  # nobody said yes
    assert newsletter("users", "disable", "mina", "--yes")[0] == 0
    assert "disabled 2" in newsletter("users", "list")[1]
    assert add("mina")[0] == 0  # anew
    assert newsletter("users", "revoke", "mina")[:2] == (0, "mina is signed out of 0 browsers\n")


def test_what_is_no_good_is_one_line(
    newsletter: Run, add: Callable[..., tuple[int, str, str]]
) -> None:
    assert add("mina", password="short")[2].startswith("error: the password must have at least 16")
    assert newsletter("users", "disable", "nobody", "--yes")[2].startswith(
        "error: there is no user nobody"
    )
