"""Days and moments are those of the newsletter's clocks, and a span names each day once."""

from datetime import UTC, datetime, timedelta

from mailer.web import dates
from recommender.settings import Settings

AT = datetime(2026, 11, 26, 7, 0, tzinfo=UTC)


def test_moments_are_on_the_newsletters_clocks() -> None:
    settings = Settings(timezone="Europe/Berlin")
    assert dates.moment(settings, AT) == "Thursday, 26 November 2026, 08:00 (Europe/Berlin)"
    assert dates.short(settings, AT) == "26 Nov 2026, 08:00"


def test_a_span_names_each_day_once() -> None:
    settings = Settings(timezone="Europe/Berlin")
    day = "Thursday, 26 November 2026, 08:00"
    assert dates.span(settings, AT, AT) == f"on {day} (Europe/Berlin)"
    assert dates.span(settings, AT, AT + timedelta(minutes=4)) == f"on {day}–08:04 (Europe/Berlin)"
    assert dates.span(settings, AT, AT + timedelta(hours=18)) == (
        f"from {day} until Friday, 27 November 2026, 02:00 (Europe/Berlin)"
    )
