"""``newsletter subscribers update`` and ``merge``."""

import os
import pty
import subprocess
import sys

import pytest

from tests.mailer.cli.conftest import Run, answer

WHO, OTHER = "founder@example.com", "hardware@example.com"


def test_an_update_says_what_changed_and_who_did_it_is_kept(newsletter: Run) -> None:
    done = newsletter(
        *("subscribers", "update", WHO, "--email", "Boss@example.com", "--name", "B. Oss"),
        *("--add-role", "CTO", "--topic", "AI Strategy:-1", "--remove-topic", "Venture Capital"),
        *("--attribute", "plan=pro", "--timezone", "Europe/Paris", "--by", "Jane"),
    )
    fields = "email, name, roles, topics, timezone, attributes"
    moved = "the address is Boss@example.com from now on"
    assert done == (0, f"{WHO}: updated: {fields}, {moved}\n", "")
    held = answer(newsletter, "subscribers", "show", "boss@example.com")
    assert held["topics"]["AI Strategy"] == -1
    assert "Venture Capital" not in held["topics"]
    assert "Startup Growth" in held["topics"]  # what was not named stays
    assert (held["attributes"], held["timezone"]) == ({"plan": "pro"}, "Europe/Paris")
    (logged,) = held["corrections"]
    assert logged["by"] == "Jane"
    _, shown, _ = newsletter("subscribers", "show", "boss@example.com")
    assert f"update by Jane: {', '.join(sorted(fields.split(', ')))}" in shown


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "say what to change"),
        (("--remove-role", "Astronaut"), "has no role 'Astronaut'; they have: "),
        (("--attribute", "pro"), "is not name=value"),
        (("--email", OTHER), f"`newsletter subscribers merge {OTHER} {WHO}`"),
        (("--topic", "AI:9"), "not between -2 and 3"),
        (("--name", "N", "--by", " "), "name somebody"),
    ],
)
def test_what_cannot_be_corrected_is_one_line(
    newsletter: Run, options: tuple[str, ...], words: str
) -> None:
    before = answer(newsletter, "subscribers", "show", WHO)
    status, out, error = newsletter("subscribers", "update", WHO, *options)
    assert status in (1, 2)
    assert (out, error.count("\n")) == ("", 1)
    assert words in error
    assert answer(newsletter, "subscribers", "show", WHO) == before


def test_a_name_that_is_new_is_said_with_the_nearest_known_one(newsletter: Run) -> None:
    status, _, err = newsletter(
        *("subscribers", "update", WHO, "--add-role", "CTOs", "--topic", "AI Stratgy:2")
    )
    assert (status, err.splitlines()) == (
        0,
        [
            "note: the topic 'AI Stratgy' is new; the nearest known one is 'AI Strategy'",
            "note: the role 'CTOs' is new; the nearest known one is 'CTO'",
        ],
    )


def test_a_merge_says_what_it_comes_to_before_it_is_done(newsletter: Run) -> None:
    assert newsletter("editions", "send", "--yes", "--period", "2026-W48")[0] == 0
    newsletter("subscribers", "unsubscribe", OTHER)
    status, out, error = newsletter("subscribers", "merge", WHO, OTHER)
    assert status == 1
    assert "copies: 0 move, 1 of editions that both have become one each" in out
    assert "status: unsubscribed (was active: the more careful one)" in out
    assert error.endswith("add --yes to confirm\n")
    assert answer(newsletter, "subscribers", "show", OTHER)["status"] == "unsubscribed"
    done = answer(newsletter, "subscribers", "merge", WHO, OTHER, "--yes")
    assert (done["into"], done["merged"], done["done"]) == (WHO, OTHER, True)
    assert newsletter("subscribers", "show", OTHER)[0] == 1
    assert newsletter("editions", "send", "--yes", "--period", "2026-W48")[0] == 0
    assert len(answer(newsletter, "subscribers", "show", WHO)["deliveries"]) == 1
    assert newsletter("subscribers", "merge", WHO, WHO, "--yes")[0] == 1


@pytest.mark.parametrize(("typed", "status"), [(b"n\n", 1), (b"y\n", 0)])
def test_a_terminal_is_asked(newsletter: Run, typed: bytes, status: int) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, typed)
    done = subprocess.run(
        [sys.executable, "-m", "mailer", "subscribers", "merge", WHO, OTHER],
        stdin=theirs, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    os.close(ours)
    os.close(theirs)
    assert done.returncode == status
    assert f"Merge {OTHER} into {WHO}?" in done.stdout + done.stderr
    assert newsletter("subscribers", "show", OTHER)[0] == 1 - status
