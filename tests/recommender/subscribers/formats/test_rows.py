"""What one row says of a reader, put together from its cells."""

from datetime import UTC, datetime

import pytest

from recommender.models import Status
from recommender.subscribers.fields import SubscriberDraft
from recommender.subscribers.formats import mapping, rows
from recommender.subscribers.formats.mapping import Wanted


def draft(header: str, row: str, *, file: str = "r.csv") -> SubscriberDraft:
    cells = row.split(",")
    found = mapping.of_header(header.split(","), [cells], Wanted(), file=file)
    return rows.draft(2, cells, found)


@pytest.mark.parametrize(
    ("header", "row", "name"),
    [("email,first name,last name", "a@example.com,Kim,Vega", "Kim Vega"),
     ("email,first name,last name", "a@example.com,,Vega", "Vega"),
     ("email,name,first name,last name", "a@example.com,K. Vega,Kim,Vega", "K. Vega"),
     ("email,name,first name,last name", "a@example.com,,Kim,Vega", "Kim Vega"),
     ("email,city", "Kim Vega <a@example.com>,Oslo", "Kim Vega"),
     ("email,city,name", "Kim <a@example.com>,Oslo,Vega", "Vega"),
     ("email,name", "Kim Vega <a@example.com>,", "Kim Vega")],
)  # fmt: skip
def test_a_name_is_put_together(header: str, row: str, name: str) -> None:
    assert draft(header, row).name == name


@pytest.mark.parametrize(
    ("header", "row", "status"),
    [("email,city,subscribed", "a@example.com,X,yes", None),
     ("email,city,subscribed", "a@example.com,X,no", "unsubscribed"),
     ("email,active", "a@example.com,0", "unsubscribed"),
     ("email,confirmed", "a@example.com,false", "pending"),
     ("email,confirmed", "a@example.com,2024-01-02", None),
     ("email,confirmed,subscribed", "a@example.com,no,no", "unsubscribed"),
     ("email,status,opted out", "a@example.com,active,true", "unsubscribed"),
     ("email,status,opted out", "a@example.com,bounced,false", "bounced"),
     ("email,status,subscribed", "a@example.com,unconfirmed,yes", "pending"),
     ("email,status,unsubscribed at", "a@example.com,active,2024-01-02", "unsubscribed"),
     ("email,status,unsubscribed at", "a@example.com,active,", "active"),
     ("email,bounced,complained", "a@example.com,yes,yes", "complained"),
     ("email,status", "a@example.com,Cleaned", "bounced")],
)  # fmt: skip
def test_who_has_left_by_any_column_has_left(header: str, row: str, status: str | None) -> None:
    assert draft(header, row).status == (status and Status(status))


def test_a_word_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^status: 'zzz' is no word for a status"):
        draft("email,city,status", "a@example.com,X,zzz")


def test_what_cannot_be_read_is_kept_aside_and_named() -> None:
    row = draft("email,Zeitzone,Sprache,signup date", "a@example.com,Mars,tlhIngan!,02/03/2024")
    assert row.values["timezone"] is row.values["locale"] is row.consent.at is None
    assert row.values["attributes"] == {
        "zeitzone": "Mars", "sprache": "tlhIngan!", "signup_date": "02/03/2024",
    }  # fmt: skip
    assert [why.split(":")[0] for why in row.warnings] == ["timezone", "locale", "consent.at"]


def test_in_a_file_of_ours_it_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^timezone: 'Mars'"):
        draft("email,timezone", "a@example.com,Mars")


def test_empty_cells_and_their_stand_ins_say_nothing() -> None:
    row = draft("email,city,team,score,last name", "a@example.com,NULL, ,#N/A,NULL")
    assert row.values["attributes"] is None
    assert row.name == "NULL"  # people are called so


def test_what_protects_a_cell_from_a_spreadsheet_is_taken_off() -> None:
    row = draft("email,phone,zip", 'a@example.com,\'+4912,="00123"')
    assert row.values["attributes"] == {"phone": "+4912", "zip": "00123"}


def test_what_is_too_long_costs_nobody_their_place() -> None:
    long = "x" * 9_000
    row = draft("email,name,city,notes,more", f"a@example.com,{'K' * 250},Oslo,{long},{long}")
    assert row.values["attributes"] == {"city": "Oslo"}
    assert row.name == "K" * 200
    assert [why.split(":")[0] for why in row.warnings] == ["attributes", "attributes", "name"]


def test_no_character_in_a_name_costs_anybody_their_place() -> None:
    assert (
        draft("email,first name,last name", "a@example.com,K\x07im\n, Ve\tga").name == "Kim Ve ga"
    )


def test_consent_comes_with_its_address() -> None:
    row = draft("email,optin time,optin ip,confirm time", "a@example.com,2024-01-02,192.0.2.1,x")
    assert (row.consent.at, row.consent.address) == (datetime(2024, 1, 2, tzinfo=UTC), "192.0.2.1")
    assert row.consent.elsewhere
    assert row.consent.confirmed_at is None
