"""Settings of the newsletter: its name and title, its language, and when it comes."""

import re
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, Field, field_validator

from recommender import resources
from recommender.settings.values import Paragraph

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SCHEDULE = re.compile(r"\s*([a-z]{3,9})\s+([01]?\d|2[0-3]):([0-5]\d)\s*", re.IGNORECASE)


class NewsletterSettings(BaseModel):
    """What the newsletter is called and says of itself, and its schedule."""

    newsletter: str = Field("weekly", description="name of the newsletter", pattern=r"^[a-z0-9-]+$")
    title: Paragraph = Field("The Weekly Brief", description="title in the masthead", min_length=1)
    language: str = Field(
        "en", description="language of pages and mail for readers who prefer none of those known"
    )
    schedule: str = Field("thursday 08:00", description="day of the week and time of day")
    timezone: str = Field("UTC", description="time zone of the schedule (IANA name)")
    local_time: bool = Field(
        False, description="true: the schedule's hour in each reader's own time zone"
    )
    catch_up_hours: int = Field(
        72, ge=0, le=168, description="after downtime, still send an issue at most this late"
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value!r} is not an IANA time zone such as Europe/Berlin")
        return value

    @field_validator("language")
    @classmethod
    def _translated(cls, value: str) -> str:
        known = ["en", *sorted(path.stem for path in resources.folder("translations").glob("*.po"))]
        if value.replace("_", "-").partition("-")[0].lower() not in known:
            raise ValueError(f"{value!r} is none of the languages there are: {', '.join(known)}")
        return value

    @field_validator("schedule")
    @classmethod
    def _readable_schedule(cls, value: str) -> str:
        weekday_and_time(value)
        return value.lower()

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


@lru_cache(maxsize=100)
def weekday_and_time(schedule: str) -> tuple[int, int, int]:
    """``thursday 08:00`` as (weekday from Monday = 0, hour, minute); ValueError when unreadable."""
    match = _SCHEDULE.fullmatch(schedule)
    days = [n for n, day in enumerate(DAYS) if match and day.startswith(match[1].lower())]
    if match is None or len(days) != 1:
        raise ValueError(f"{schedule!r} is not a day and a time such as 'thursday 08:00'")
    return days[0], int(match[2]), int(match[3])
