"""What a reader chose, as forms show and send it: saved, or only looked at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time

from starlette.datastructures import FormData

from mailer.languages import Language
from mailer.web import forms
from recommender.models import Frequency, Subscriber
from recommender.settings import Settings
from recommender.settings.limits import quiet_hours
from recommender.subscribers import fields

STAND_IN = "reader@example.org"
"""For checking a form that names no address."""


@dataclass(frozen=True)
class PreferencesForm:
    """A reader's choices. ``day``, ``hour`` and ``timezone`` are None for the newsletter's own."""

    name: str = ""
    roles: tuple[str, ...] = ()
    topics: Mapping[str, float] = field(default_factory=dict)
    timezone: str | None = None
    locale: str | None = None
    frequency: Frequency = Frequency.WEEKLY
    day: str | None = None
    hour: int | None = None

    @classmethod
    def of(cls, reader: Subscriber) -> "PreferencesForm":
        """As they are saved."""
        return cls(
            name=reader.name,
            roles=tuple(row.role.name for row in reader.roles),
            topics={row.topic.name: row.weight for row in reader.topics},
            timezone=reader.timezone,
            locale=reader.locale,
            frequency=reader.frequency,
            day=reader.day,
            hour=reader.hour,
        )

    @classmethod
    def sent(cls, form: FormData, shown: str) -> "PreferencesForm":
        """As a form says, on a page in the language ``shown``; ValueError names a wrong field."""
        draft = fields.draft(
            0,
            {
                "email": STAND_IN,
                "name": forms.text(form, "name"),
                "roles": forms.names(form, "roles"),
                "topics": forms.topics(form),
                "timezone": forms.text(form, "timezone", 64),
                "locale": forms.locale(form, shown),
                "frequency": forms.text(form, "frequency", 20),
                "day": forms.text(form, "day", 9),
                "hour": forms.text(form, "hour", 5),
            },
        )
        return cls(
            name=draft.name or "",
            roles=draft.roles or (),
            topics=draft.topics or {},
            timezone=draft.timezone,
            locale=draft.locale,
            frequency=draft.frequency or Frequency.WEEKLY,
            day=draft.day,
            hour=draft.hour,
        )

    def keep(self, reader: Subscriber) -> None:
        """Write what is not a name of the vocabulary to the reader's row."""
        reader.name, reader.locale = self.name, self.locale
        reader.timezone, reader.frequency = self.timezone, self.frequency
        reader.day, reader.hour = self.day, self.hour


def frequencies(language: Language) -> list[tuple[str, str]]:
    """How often one can get an issue: value and words."""
    _ = language.text
    return [
        (Frequency.WEEKLY, _("Every week")),
        (Frequency.FORTNIGHTLY, _("Every other week")),
        (Frequency.MONTHLY, _("Once a month")),
    ]


def levels(language: Language) -> list[tuple[str, str]]:
    """What can be said of a topic: value and words, from never to love."""
    _ = language.text
    return [
        ("never", _("Never")),
        ("off", _("No matter")),
        ("like", _("Like")),
        ("love", _("Love")),
    ]


def hours(settings: Settings) -> list[int]:
    """The hours one can choose: all that are not quiet."""
    if settings.quiet_hours is None:
        return list(range(24))
    start, end = quiet_hours(settings.quiet_hours)
    return [hour for hour in range(24) if not _within(time(hour), start, end)]


def _within(clock: time, start: time, end: time) -> bool:
    return start <= clock < end if start < end else clock >= start or clock < end
