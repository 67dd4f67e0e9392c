"""``newsletter editions note`` and ``subject``, as editors give them."""

import re
from pathlib import Path

import pytest

from .conftest import Run, answer

WEEK = ("--period", "2026-W48")


def copies(home: Path) -> str:
    return "\n".join(path.read_bytes().decode() for path in sorted(home.rglob("*.eml")))


def test_a_note_and_a_subject_are_in_the_copies_of_an_edition_planned_later(
    newsletter: Run, tmp_path: Path
) -> None:
    assert newsletter("segments", "create", "chiefs", 'role = "CTO"')[0] == 0
    newsletter("editions", "note", "--text", "Back **again**")
    newsletter("editions", "note", "--segment", "chiefs", "--text", "For chiefs")
    document = answer(newsletter, "editions", "subject", "The chips issue")
    assert document["subject"]["text"] == "The chips issue"
    assert document["subject"]["by"]
    assert [(one["segment"], one["text"]) for one in document["notes"]] == [
        (None, "Back **again**"),
        ("chiefs", "For chiefs"),
    ]
    assert answer(newsletter, "editions", "show")["state"] == "not planned"
    assert newsletter("editions", "send")[0] == 0
    messages = re.split(r"(?m)^Return-Path|^From: ", copies(tmp_path))[1:]
    assert sum("Subject: The chips issue" in one for one in messages) == len(messages) > 10
    assert sum("Back again" in one for one in messages) == len(messages)
    assert sum("For chiefs" in one for one in messages) == 1
    shown = answer(newsletter, "editions", "show")
    assert shown["state"] == "finished"
    assert len(shown["notes"]) == 2


def test_what_was_planned_can_be_given_another_note_until_it_is_sent(
    newsletter: Run, tmp_path: Path
) -> None:
    assert newsletter("segments", "create", "chiefs", 'role = "CTO"')[0] == 0
    newsletter("editions", "note", "--text", "Former")
    assert newsletter("editions", "plan")[0] == 0
    newsletter("editions", "note", "--text", "Latter")
    newsletter("editions", "note", "--segment", "chiefs", "--text", "For chiefs")
    newsletter("editions", "subject", "Taken back")
    newsletter("editions", "subject", "--clear")
    _, _, _ = newsletter("preview", "cto@example.com", "--text", str(tmp_path / "p.txt"))
    assert "Latter\n\nFor chiefs" in (tmp_path / "p.txt").read_text()
    assert newsletter("editions", "send")[0] == 0
    sent = copies(tmp_path)
    assert "Former" not in sent
    assert "Taken back" not in sent
    assert sent.count("For chiefs") == 2  # in both parts of one copy
    for arguments in (("note", "--text", "Too late"), ("note", "--clear"), ("subject", "Late")):
        status, _, err = newsletter("editions", *arguments)
        assert status == 1
        assert "stays as it is" in err
    assert "Latter" in newsletter("editions", "note")[1]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("note", "--text", " "), "the note says nothing"),
        (("note", "--text", "x" * 5_001), "5,001 characters"),
        (("note", "--file", "missing.md"), "No such file"),
        (("note", "--text", "x", "--segment", "gone"), "no segment 'gone'"),
        (("note", "--text", "x", "--period", "2026-48"), "2026-48"),
        (("subject", "x" * 151), "has 151 characters"),
        (("subject", "\u200b"), "has 0 characters"),
    ],
)
def test_what_cannot_be_a_note_or_subject_is_refused_in_one_line(
    newsletter: Run, arguments: tuple[str, ...], why: str
) -> None:
    status, out, err = newsletter("editions", *arguments)
    assert (status, out) == (1, "")
    assert err.startswith("error: ")
    assert why in " ".join(err.split())


def test_a_note_may_come_from_a_file(newsletter: Run, tmp_path: Path) -> None:
    (tmp_path / "note.md").write_text("\ufeffHello\r\n\r\nyou", "utf-8")
    document = answer(newsletter, "editions", "note", "--file", str(tmp_path / "note.md"))
    assert document["notes"][0]["text"] == "Hello\n\nyou"
    assert answer(newsletter, "editions", "note", "--clear")["notes"] == []


def test_a_send_that_reaches_nobody_leaves_the_edition_to_the_editors(newsletter: Run) -> None:
    newsletter("segments", "create", "nobody")
    sent = answer(newsletter, "editions", "send", "--segment", "nobody", "--yes", *WEEK)
    assert (sent["state"], sent["due"], sent["sent"]) == ("planned", 0, 0)
    assert newsletter("editions", "note", "--text", "Hello", *WEEK)[0] == 0
    sent = answer(newsletter, "editions", "send", "--yes", *WEEK)
    assert (sent["state"], sent["sent"]) == ("finished", 12)
    assert newsletter("editions", "note", "--text", "Too late", *WEEK)[0] == 1
