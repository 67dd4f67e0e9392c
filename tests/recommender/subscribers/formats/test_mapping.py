"""Which column is which field: by hand, by the service, by its name, or an attribute."""

from typing import Any

import pytest

from recommender.models import Status
from recommender.subscribers.formats import mapping, services
from recommender.subscribers.formats.mapping import ColumnMapping, Wanted


def fields(header: str, *rows: str, file: str = "r.csv", **wanted: Any) -> ColumnMapping:
    samples = [row.split(",") for row in rows]
    return mapping.of_header(header.split(","), samples, Wanted(**wanted), file=file)


def test_what_is_said_by_hand_goes_first() -> None:
    columns = {
        name: mapping.target(field)
        for name, field in (("Mail 2", "email"), ("Firma", "attributes.Company Name"),
                            ("Notes", ""), ("Themen", "tags"))
    }  # fmt: skip
    found = fields("Email,Mail 2,Firma,Notes,Themen", columns=columns)
    assert found.shown() == {
        "Email": "attributes.email", "Mail 2": "email", "Firma": "attributes.company_name",
        "Notes": "", "Themen": "attributes.tags",
    }  # fmt: skip


def test_two_columns_may_be_the_name() -> None:
    by_hand = {"Zuname": "name", "Rufname": "name"}
    assert fields("Rufname,Zuname,email", columns=by_hand).fields[:2] == ("last_name", "first_name")
    by_hand = {"Rufname": "name", "Zuname": "name"}
    assert fields("Rufname,Zuname,email", columns=by_hand).fields[:2] == ("first_name", "last_name")


@pytest.mark.parametrize(
    ("target", "why"),
    [("emial", "did you mean email"), ("City", "attributes.city keeps it")],
)
def test_a_field_that_is_none_is_refused_with_a_guess(target: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        mapping.target(target)


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="no column 'Frima' to map; there are email, Firma"):
        fields("email,Firma", columns={"Frima": "name"})


def test_the_more_telling_of_two_names_wins() -> None:
    found = fields("created_at,OPTIN_TIME,email,Subscriber,labels,Tags")
    assert found.shown() == {
        "created_at": "attributes.created_at", "OPTIN_TIME": "consent.at", "email": "email",
        "Subscriber": "attributes.subscriber", "labels": "attributes.labels",
        "Tags": "attributes.tags",
    }  # fmt: skip


def test_a_state_is_a_status_only_where_its_words_are_some() -> None:
    assert fields("email,state", "a@example.com,TX", "b@example.com,OH").fields[1] == (
        "attributes.state"
    )
    assert fields("email,state", "a@example.com,active", "b@example.com,wat").fields[1] == (
        "attributes.state"
    )
    assert fields("email,state", "a@example.com,active", "b@example.com,bounced").fields[1] == (
        "status"
    )


def test_a_column_of_addresses_is_the_address_whatever_its_name() -> None:
    found = fields("Kontakt,Wer", "a@example.com,A", "B <b@example.com>,B")
    assert found.shown() == {"Kontakt": "email", "Wer": "attributes.wer"}
    with pytest.raises(ValueError, match="no 'email' column"):
        fields("Kontakt,Wer", "a@example.com,c@example.com")


def test_our_own_columns_are_known_as_ours() -> None:
    assert fields("email,name,topics").own
    assert not fields("email,name,company").own
    assert not fields("email,name", columns={"name": "attributes.x"}).own


def test_a_file_of_those_who_left_says_so_of_all() -> None:
    mailchimp = "Email Address,OPTIN_TIME,{},LEID"
    assert fields(mailchimp.format("UNSUB_TIME")).status == Status.UNSUBSCRIBED
    assert fields(mailchimp.format("CLEAN_TIME")).status == Status.BOUNCED
    assert fields(mailchimp.format("LAST_CHANGED")).status is None
    assert fields("email", file="unsubscribed.csv").status == Status.UNSUBSCRIBED
    assert fields("email,status", file="unsubscribed.csv").status is None


def test_a_service_may_be_named() -> None:
    kit = services.named("KIT")
    assert kit is not None
    found = fields("email,state", "a@example.com,cold", service=kit)
    assert (found.service, found.fields[1]) == (kit, "status")
    assert services.named("nobody") is None
