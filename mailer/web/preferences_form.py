"""What a reader chose, as forms show and send it: saved, or only looked at."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import available_timezones

from starlette.datastructures import FormData

from mailer.issue import wording
from mailer.localization import Language
from mailer.web import forms
from recommender.models import Frequency, Subscriber
from recommender.settings import Settings, schedules
from recommender.settings.limits import quiet_hours
from recommender.subscribers import fields
from recommender.subscribers.fields import FIELDS, Field

STAND_IN = "reader@example.org"
"""For checking a form that names no address."""
CHOOSABLE = tuple(field for field in FIELDS if field.on_pages)
_CONTINENTS = frozenset(
    [
        *("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia"),
        *("Europe", "Indian", "Pacific"),
    ]
)
_EMPTY = {field.name: field.default for field in CHOOSABLE} | {"roles": (), "topics": {}}


@dataclass(frozen=True)
class PreferencesForm:
    """A reader's choices, by the name of the field. None for the newsletter's own."""

    values: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        """What was chosen of one field: ``chosen.day`` in a template; its default where the form
        had no such field."""
        return self.values.get(name, _EMPTY[name])

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(self.values["roles"])

    @property
    def topics(self) -> Mapping[str, float]:
        topics: Mapping[str, float] = self.values["topics"]
        return topics

    @property
    def locale(self) -> str | None:
        locale: str | None = self.values["locale"]
        return locale

    @classmethod
    def empty(cls) -> "PreferencesForm":
        """Nothing chosen yet."""
        return cls(dict(_EMPTY))

    @classmethod
    def of(cls, reader: Subscriber) -> "PreferencesForm":
        """As they are saved."""
        return cls({field.name: field.of(reader) for field in CHOOSABLE})

    @classmethod
    def sent(cls, form: FormData, shown: str) -> "PreferencesForm":
        """As a form says, on a page in the language ``shown``; ValueError names a wrong field."""
        sent: dict[str, Any] = {
            field.name: forms.text(form, field.name)
            for field in CHOOSABLE
            if field.load is None and field.name != "languages"
        }
        sent["roles"], sent["topics"] = forms.names(form, "roles"), forms.topics(form)
        sent["locale"] = forms.locale(form, shown)
        if "languages" in form:  # a page offers them where there is more than one
            sent["languages"] = forms.names(form, "languages")
        draft = fields.draft(0, {"email": STAND_IN, **sent})
        chosen = {name: draft.values[name] for name in sent}
        return cls({name: _EMPTY[name] if it is None else it for name, it in chosen.items()})

    def keep(self, reader: Subscriber) -> None:
        """Write what is not a name of the vocabulary to the reader's row."""
        for field in CHOOSABLE:
            if field.load is None and field.name in self.values:
                setattr(reader, field.name, self.values[field.name])


class Standard(NamedTuple):
    """What is offered for "as the newsletter has it", in words with the value where it is known."""

    day: str
    hour: str
    timezone: str


def standard(own: Sequence[Settings], language: Language) -> Standard:
    """The day, hour and time zone of the reader's newsletters, where they agree on them."""
    _, found = language.text, [schedules.parse(one.schedule) for one in own]

    def words(values: Iterable[str]) -> str:
        several = set(values)
        if len(several) > 1:
            return _("As each newsletter comes")
        return _("Default (%(value)s)", value=several.pop())

    return Standard(
        words(
            wording.cadence(one.schedule, language)
            if it.weekday is None
            else language.weekdays[it.weekday]
            for one, it in zip(own, found, strict=True)
        ),
        words(f"{it.hour:02}:{it.minute:02}" for it in found),
        words(one.timezone.replace("_", " ") for one in own),
    )


def text_boxes() -> list[Field]:
    """The fields that are a line of text, in the order of the pages."""
    return [field for field in CHOOSABLE if field.label is not None]


def frequencies(language: Language, *, weekly: bool) -> list[tuple[str, str]]:
    """How often one can get an issue: value and words. ``weekly``: all newsletters are."""
    _ = language.text
    return [
        (Frequency.WEEKLY, _("Every week") if weekly else _("Every issue")),
        (Frequency.FORTNIGHTLY, _("Every other week")),
        (Frequency.MONTHLY, _("Once a month")),
    ]


@lru_cache(maxsize=1)
def _places() -> tuple[str, ...]:
    """Time zones as people know them: by continent and place, without the old spellings."""
    kept = sorted(zone for zone in available_timezones() if zone.partition("/")[0] in _CONTINENTS)
    return (*kept, "UTC")


def zones(chosen: str | None) -> list[str]:
    """The time zones one can choose; with what was chosen before, whatever it is called."""
    return [*([chosen] if chosen and chosen not in _places() else []), *_places()]


def story_languages(
    language: Language, offered: Sequence[str], chosen: Sequence[str]
) -> list[tuple[str, str]]:
    """The languages stories can be had in, as tags and words; none where there is no choice.
    A page ticks those that are ``chosen``."""
    tags = list(dict.fromkeys((*chosen, *offered)))
    names = language.formats.languages
    return [(tag, str(names.get(tag.partition("-")[0], tag))) for tag in tags] if tags[1:] else []


def levels(language: Language) -> list[tuple[str, str]]:
    """What can be said of a topic: value and words, from never to love."""
    _ = language.text
    return [
        ("never", _("Never")),
        ("off", _("Neutral")),
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
