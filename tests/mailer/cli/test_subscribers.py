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


MAILCHIMP = (
    '"Email Address","First Name","Last Name",OPTIN_TIME,OPTIN_IP,TIMEZONE,LAST_CHANGED,LEID,Firma,'
    'TAGS\nkim@example.com,Kim,Vega,"2019-03-04 10:00:00",192.0.2.1,america/lima,,1,Quay,'
    '"""vip"",""pilot"""\nlou@example.com,Lou,,,,Moon/Base,,2,,\n'
)


def test_an_export_of_another_service_is_shown_then_taken(newsletter: Run) -> None:
    Path("subscribed.csv").write_text(MAILCHIMP)
    status, text, error = newsletter("subscribers", "import", "subscribed.csv", "--dry-run")
    assert (status, error.count("warning: ")) == (0, 1)
    assert "subscribed.csv: UTF-8, comma between cells, from mailchimp" in text
    for column, field in (("OPTIN_TIME", "consent.at"), ("Firma", "attributes.firma")):
        assert any(line.split() == [column, field] for line in text.splitlines())
    assert "Kim Vega" in text
    assert newsletter("subscribers", "show", "kim@example.com")[0] == 1
    by_hand = ("--map", "Firma=attributes.company", "--map", "LEID=")
    status, text, _ = newsletter("subscribers", "import", "subscribed.csv", *by_hand, "--json")
    found = json.loads(text)
    assert status == 0
    assert found["columns"] == {
        "Email Address": "email", "First Name": "name", "Last Name": "name",
        "OPTIN_TIME": "consent.at", "OPTIN_IP": "consent.address", "TIMEZONE": "timezone",
        "LAST_CHANGED": "attributes.last_changed", "LEID": "", "Firma": "attributes.company",
        "TAGS": "attributes.tags",
    }  # fmt: skip
    assert (found["read"], found["added"], found["rejected"]) == (2, 2, [])
    (warning,) = found["warnings"]
    assert (warning["line"], warning["why"].split(":")[0]) == (3, "timezone")
    held = answer(newsletter, "subscribers", "show", "kim@example.com")
    assert held["attributes"] == {"company": "Quay", "tags": ["vip", "pilot"]}
    assert held["consent"][0]["at"] == "2019-03-04T10:00:00+00:00"
    newsletter("segments", "create", "vips", 'tag = "vip"')
    assert answer(newsletter, "segments", "count", "vips")["count"] == 1


def test_several_files_make_one_import(newsletter: Run) -> None:
    Path("unsubscribed.csv").write_text("Courriel;Prénom\nzoe@example.com;Zoé\n", "cp1252")
    Path("more").mkdir()
    Path("more/list.tsv").write_text("Mail\tCity\nkim@example.com\tOslo\nnobody\tOslo\n")
    status, text, error = newsletter("subscribers", "import", "unsubscribed.csv", "more", "--json")
    assert status == 1
    found = json.loads(text.splitlines()[-1])
    assert (found["read"], found["added"]) == (3, 2)
    assert [(one["file"], one["line"]) for one in found["rejected"]] == [("more/list.tsv", 3)]
    assert [one["encoding"] for one in found["files"]] == ["Windows-1252", "UTF-8"]
    assert "note: unsubscribed.csv: this is not UTF-8; it is read as Windows-1252" in error
    assert answer(newsletter, "subscribers", "show", "zoe@example.com")["status"] == "unsubscribed"


def test_what_is_said_by_hand_and_means_nothing_is_wrong_usage(newsletter: Run) -> None:
    Path("list.csv").write_text("Mail,City\nkim@example.com,Oslo\n")
    for option, given, why in (
        ("--from", "nobody", "is none of mailchimp, substack"),
        ("--map", "City", "is not COLUMN=FIELD"),
        ("--map", "City=emial", "did you mean email?"),
    ):
        status, _, error = newsletter("subscribers", "import", "list.csv", option, given)
        assert (status, why in error) == (2, True)
    status, _, error = newsletter("subscribers", "import", "list.csv", "--map", "Town=name")
    assert (status, error) == (1, "error: list.csv:1: there is no column 'Town' to map; there are "
                                  "Mail, City\n")  # fmt: skip


def test_a_pasted_address_is_taken_and_found(newsletter: Run) -> None:
    assert newsletter("subscribers", "add", "Kim Vega <kim@example.com>")[0] == 0
    assert newsletter("subscribers", "add", "\u200bmailto:lou@example.com.")[0] == 0
    for who in ("mailto:kim@example.com", "lou@example.com"):
        assert answer(newsletter, "subscribers", "show", who)["status"] == "active"


def test_a_file_without_a_reader_is_named(newsletter: Run) -> None:
    Path("list.csv").write_text("email,name\n")
    status, _, error = newsletter("subscribers", "import", "list.csv")
    assert (status, error) == (0, "note: list.csv: no readers in it\n")
