"""Words, dates and addresses are read as services and people write them, or not at all."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.models import Status
from recommender.subscribers.formats import words
from recommender.subscribers.formats.headers import key

NOON = datetime(2018, 2, 13, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["2018-02-13 12:30:00", "2018-02-13T12:30:00.000Z", "2018-02-13 12:30:00 UTC",
     "2018-02-13 12:30:00 +0000 UTC", "2018-02-13 18:00:00.0 +0530 IST", "2018/02/13 12:30",
     "1518525000", "1518525000000", "13.02.2018, 12:30 Uhr", "2/13/2018 12:30 PM",
     "13/02/2018 12:30", "Feb 13, 2018 12:30 PM", "13 Feb 2018 12:30", "13. Februar 2018 12:30",
     "13 février 2018 à 12:30", "13 de febrero de 2018 12:30", "Tue, 13 Feb 2018 13:30:00 +0100"],
)  # fmt: skip
def test_times_are_read_as_they_are_written(text: str) -> None:
    assert words.moment(text) == NOON


@pytest.mark.parametrize(
    "text", ["", "yesterday", "02/03/2018", "2018-02-30", "2018-02-13 12:30 CET", "0000-00-00",
             "99999999999999", "31/31/2018", "12:30"],
)  # fmt: skip
def test_what_may_be_two_days_or_none_is_none(text: str) -> None:
    assert words.moment(text) is None


@given(st.text(max_size=90))
def test_no_cell_breaks_a_reading(text: str) -> None:
    words.moment(text)
    words.address(text)
    words.yes(text)
    words.status_of_file(text)


@given(st.datetimes(datetime(1990, 1, 2), datetime(2100, 1, 1)))
def test_every_second_is_found_again(at: datetime) -> None:
    at = at.replace(microsecond=0, tzinfo=UTC)
    for form in ("%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%B %d, %Y %I:%M:%S %p",
                 "%Y-%m-%dT%H:%M:%SZ", "%a, %d %b %Y %H:%M:%S +0000"):  # fmt: skip
        assert words.moment(at.strftime(form)) == at


@pytest.mark.parametrize(
    ("said", "status"),
    [("Subscribed", "active"), ("Bestätigt", "active"), ("Unsubscribed", "unsubscribed"),
     ("Dado de baja", "unsubscribed"), ("DÉSABONNÉ", "unsubscribed"), ("Cleaned", "bounced"),
     ("hard_bounce", "bounced"), ("Spam complaint", "complained"), ("unconfirmed", "pending"),
     ("opted-out", "unsubscribed"), ("Non-subscribed", "unsubscribed")],
)  # fmt: skip
def test_words_for_a_status_are_known(said: str, status: str) -> None:
    assert words.STATUSES[key(said)] == Status(status)


@pytest.mark.parametrize(
    ("name", "status"),
    [("unsubscribed_email_audience_export_8f.csv", "unsubscribed"),
     ("cleaned_members_export.csv", "bounced"), ("Abgemeldete 2026.csv", "unsubscribed"),
     ("nonsubscribed_x.csv", "unsubscribed"), ("subscribed_members.csv", "active"),
     ("readers.csv", None), ("cleaned-subscribed.csv", None)],
)  # fmt: skip
def test_a_files_name_may_say_how_all_in_it_stand(name: str, status: str | None) -> None:
    assert words.status_of_file(name) == (status and Status(status))


def test_addresses_of_machines_are_read() -> None:
    assert words.address(" 192.0.2.1 ") == "192.0.2.1"
    assert words.address("[2001:DB8::1]") == "2001:db8::1"
    assert words.address("192.0.2") is None
