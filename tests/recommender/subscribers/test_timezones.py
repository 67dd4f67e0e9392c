"""Zones are understood as systems and people write them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from babel.core import get_global
from hypothesis import given
from hypothesis import strategies as st

from recommender.subscribers.timezones import iana


@given(st.sampled_from(sorted(available_timezones())), st.sampled_from([str.lower, str.upper]))
def test_case_does_not_matter(zone: str, spelt: type[str]) -> None:
    assert iana(spelt(zone)) == zone


@pytest.mark.parametrize("windows", sorted(get_global("windows_zone_mapping")))
def test_every_name_of_windows_is_a_zone(windows: str) -> None:
    assert iana(windows.upper()) in available_timezones()


@given(
    hours=st.integers(-12, 14),
    form=st.sampled_from(["UTC{:+d}", "gmt {:+d}", "{:+03d}:00", "{:+03d}00", "UTC{:+03d}:00"]),
)
def test_a_fixed_distance_is_kept(hours: int, form: str) -> None:
    zone = iana(form.format(hours))
    assert zone is not None
    assert datetime(2026, 7, 1, tzinfo=ZoneInfo(zone)).utcoffset() == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("text", "zone"),
    [("+05:30", "Asia/Kolkata"), ("UTC+5:45", "Asia/Kathmandu"), ("Zurich", "Europe/Zurich"),
     ("los angeles", "America/Los_Angeles"), ("PST", "America/Los_Angeles"),
     ("Pacific Time (US & Canada)", "America/Los_Angeles"),
     ("(UTC+01:00) Sarajevo, Skopje, Warsaw", "Europe/Sarajevo"),
     ("(UTC-03:00) Nowhere", "Etc/GMT+3"), ("America\\Lima", "America/Lima"),
     ("Europe / Rome", "Europe/Rome"), ("UTC−4", "Etc/GMT+4")],
)  # fmt: skip
def test_other_ways_of_saying_it(text: str, zone: str) -> None:
    assert iana(text) == zone


@pytest.mark.parametrize("text", ["Mars/Olympus", "+15:00", "-13", "+02:17", "soon", "12", "()"])
def test_what_is_no_zone_is_none(text: str) -> None:
    assert iana(text) is None


@given(st.text(max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    assert (zone := iana(text)) is None or zone in available_timezones()
