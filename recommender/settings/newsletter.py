"""Settings of the newsletter: its name and title, its language, and when it comes."""

from functools import cached_property
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, Field, field_validator

from recommender import resources
from recommender.settings import schedules
from recommender.settings.values import Paragraph


class NewsletterSettings(BaseModel):
    """What the newsletter is called and says of itself, and its schedule."""

    newsletter: str = Field("weekly", description="name of the newsletter", pattern=r"^[a-z0-9-]+$")
    title: Paragraph = Field("The Weekly Brief", description="title in the masthead", min_length=1)
    language: str = Field(
        "en", description="language of pages and mail for readers who prefer none of those known"
    )
    schedule: str = Field(
        "thursday 08:00",
        description="when it comes: thursday 08:00, weekdays 08:00, daily 08:00, "
        "every other thursday 08:00, first thursday 08:00 (of each month)",
    )
    timezone: str = Field("UTC", description="time zone of the schedule (IANA name)")
    local_time: bool = Field(
        False, description="true: the schedule's hour in each reader's own time zone"
    )
    catch_up_hours: int = Field(
        72, ge=0, le=168, description="after downtime, still send an issue at most this late"
    )

    welcome: bool = Field(
        True, description="who confirms gets a first issue at once, from the last weeks' stories"
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
        schedules.parse(value)
        return value.lower()

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)
