"""What is filled in is kept as stated, and named when it cannot be."""

import re

import pytest

from .conftest import Place, saved


def test_day_hour_and_frequency_are_kept_and_the_page_says_when(
    place: Place, personal: str
) -> None:
    form = {"frequency": "fortnightly", "day": "monday", "hour": "7", "timezone": "Asia/Tokyo"}
    page = place.client.post(personal, data=form).text
    kept = saved(place)
    assert (kept["frequency"], kept["day"], kept["hour"]) == ("fortnightly", "monday", 7)
    # The issue of week 48 was sent on the 24th; fortnightly, so week 50, out on 10 December.
    said = re.search(r"Your next issue comes on ([^.]*)\.", page)
    assert said is not None
    assert said[1] == "Monday, 14 December 2026 at 07:00 (Asia/Tokyo)"
    page = place.client.post(personal, data={"frequency": "weekly"}).text
    assert (saved(place)["day"], saved(place)["hour"]) == (None, None)
    assert "Thursday, 3 December 2026 at 08:00 (UTC)" in page


@pytest.mark.parametrize(
    "wrong", [{"day": "someday"}, {"hour": "25"}, {"frequency": "hourly"}, {"more_topics": "Zorp"}]
)
def test_what_cannot_be_is_named_and_what_was_filled_in_stays(
    place: Place, personal: str, wrong: dict[str, str]
) -> None:
    before = saved(place)
    page = place.client.post(personal, data={"name": "Somebody", **wrong})
    assert page.status_code == 400
    assert "Not saved" in page.text
    assert saved(place) == before
    if "more_topics" in wrong:
        assert 'value="Somebody"' in page.text


def test_the_page_says_what_the_newsletters_own_day_and_hour_are(
    place: Place, personal: str
) -> None:
    page = place.client.get(personal).text
    for value in ("Thursday", "08:00", "UTC"):
        assert f'<option value="">Default ({value})</option>' in page
