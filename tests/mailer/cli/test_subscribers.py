"""``newsletter subscribers`` on the sample content."""

import json
from pathlib import Path

from .conftest import Run, answer


def test_readers_come_out_as_they_went_in(newsletter: Run) -> None:
    assert newsletter("subscribers", "export", "all.csv")[0] == 0
    assert newsletter("subscribers", "export", "all.jsonl")[0] == 0
    for file in ("all.csv", "all.jsonl"):
        assert answer(newsletter, "subscribers", "import", file)["unchanged"] == 12


def test_a_reader_from_adding_to_erasing(newsletter: Run) -> None:
    newsletter("subscribers", "add", "New@example.com", "--role", "CTO", "--topic", "Data:3")
    held = answer(newsletter, "subscribers", "show", "new@example.com")
    assert (held["status"], held["roles"]) == ("active", ["CTO"])
    assert held["consent"][0]["source"] == "admin"
    newsletter("subscribers", "update", "new@example.com", "--name", "Reader")
    assert answer(newsletter, "subscribers", "show", "new@example.com")["name"] == "Reader"
    assert newsletter("subscribers", "erase", "new@example.com")[0] == 1  # wants a yes
    assert newsletter("subscribers", "erase", "new@example.com", "--yes")[0] == 0
    assert newsletter("subscribers", "show", "new@example.com")[0] == 1
    assert newsletter("subscribers", "add", "new@example.com")[0] == 1


def test_a_readers_own_terms_are_set_shown_and_kept(newsletter: Run) -> None:
    who = "founder@example.com"
    terms = ("--frequency", "fortnightly", "--day", "mon", "--hour", "7")
    assert newsletter("subscribers", "update", who, *terms)[0] == 0
    assert newsletter("subscribers", "update", who, "--name", "F")[0] == 0
    shown = json.loads(newsletter("subscribers", "show", who, "--json")[1])
    assert (shown["frequency"], shown["day"], shown["hour"]) == ("fortnightly", "monday", 7)
    assert newsletter("subscribers", "export", "all.csv")[0] == 0
    answer = json.loads(newsletter("subscribers", "import", "all.csv", "--json")[1])
    assert answer["unchanged"] == answer["read"]
    status, _, error = newsletter("subscribers", "update", who, "--hour", "26")
    assert (status, error) == (1, "error: hour: '26' is not a full hour from 0 to 23\n")


def test_each_command_that_changes_a_status_leaves_its_proof(newsletter: Run) -> None:
    who = "founder@example.com"
    newsletter("subscribers", "update", who, "--status", "paused")
    newsletter("subscribers", "update", who, "--status", "active")
    newsletter("subscribers", "unsubscribe", who)
    newsletter("subscribers", "suppress", "hardware@example.com", "--reason", "complaint")
    log = json.loads(newsletter("subscribers", "export", "--email", who)[1])["consent"]
    assert [event["after"] for event in log] == ["active", "paused", "active", "unsubscribed"]
    assert all(event["proof"] and event["at"] and event["source"] for event in log)
    other = json.loads(newsletter("subscribers", "show", "hardware@example.com", "--json")[1])
    assert other["consent"][-1]["source"] == "complaint"
    assert other["consent"][-1]["proof"] == {"command": "subscribers suppress"}


def test_erasing_takes_the_files_of_the_outbox_along(newsletter: Run) -> None:
    who = "founder@example.com"
    assert newsletter("editions", "send", "--yes", "--period", "2026-W48")[0] == 0
    assert list(Path("outbox").glob(f"*/*{who}.eml"))
    status, out, _ = newsletter("subscribers", "erase", who, "--yes")
    said, beyond = out.splitlines()
    assert (status, said) == (0, f"{who}: erased, files removed: 1")
    assert beyond.startswith("not reached: backups and exports made before")
    assert not list(Path("outbox").glob(f"*/*{who}.eml"))
    assert newsletter("subscribers", "show", who)[0] == 1
    status, _, error = newsletter("subscribers", "add", who)
    assert status == 1
    assert "suppressed (erased)" in error


def test_a_folder_of_readers_is_walked_and_what_is_no_list_is_named(newsletter: Run) -> None:
    folder = Path("lists/inner")
    folder.mkdir(parents=True)
    Path("lists/one.csv").write_text("email\none@example.com\nnot an address\n")
    (folder / "two.jsonl").write_text('{"email": "two@example.com"}\n')
    (folder / "three.csv").write_text("")
    status, out, err = newsletter("subscribers", "import", "lists", "--json")
    found = json.loads(out.strip().splitlines()[-1])
    assert (status, found["read"], found["added"]) == (1, 3, 2)
    named = [(one["file"], one["line"]) for one in found["rejected"]]
    assert named == [("lists/inner/three.csv", None), ("lists/one.csv", 3)]
    assert "Traceback" not in err
