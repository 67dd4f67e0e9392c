"""The hour of every schedule, as APScheduler reads it, is that of the calendar."""

from datetime import UTC, datetime, timedelta

import pytest

from mailer.edition import schedule
from mailer.service import publishing
from recommender.settings import Settings

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "when", ["daily 08:00", "weekdays 08:00", "thursday 08:00", "first thursday 08:00"]
)
@pytest.mark.parametrize("local_time", [False, True])
def test_the_trigger_fires_when_an_edition_is_out(when: str, local_time: bool) -> None:
    settings = Settings(schedule=when, timezone="Europe/Berlin", local_time=local_time)
    zone = schedule.EARLIEST if local_time else settings.zone
    moment = NOW
    for _ in range(6):
        fires = publishing.hour(settings).get_next_fire_time(None, moment)
        _, out = schedule.upcoming(when, zone, moment)
        assert fires == out
        moment = fires + timedelta(minutes=1)


def test_of_every_other_week_each_is_looked_at() -> None:
    settings = Settings(schedule="every other thursday 08:00")
    first = publishing.hour(settings).get_next_fire_time(None, NOW)
    second = publishing.hour(settings).get_next_fire_time(first, first)
    assert second - first == timedelta(weeks=1)
