"""The settings of an edition: how many picks, from how far back, at what hour. Frozen when it is
planned, so that what is planned later of the same edition is planned alike."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from mailer.edition import schedule
from recommender.settings import DAYS, Settings, schedules
from recommender.settings.limits import quiet_hours


@dataclass(frozen=True)
class RankerExperiment:
    """Two settings of the ranker (``recommender.ranking.knobs``), for ``share`` of the readers:
    each for half of them, or (``kind`` interleaving) both in one issue."""

    id: int
    kind: str
    share: float
    a: str
    b: str


@dataclass(frozen=True)
class SubjectTest:
    """Subjects that are tried with ``share`` of the readers, for at most so many ``hours``."""

    id: int
    share: float
    subjects: list[str]
    hours: float


@dataclass(frozen=True)
class EditionSettings:
    """The settings an edition was planned with; frozen with it. A default is what editions had that
    were planned before there was the setting."""

    picks: int
    relevance_floor: float
    horizon_days: int
    schedule: str
    timezone: str
    local_time: bool
    quiet_hours: str | None = None
    stories_per_digest: int = 2
    sunset_weeks: int = 0
    vary_positions: float = 0.0
    fallback: bool = True
    ranker: str = ""
    holdout: float = 0.0
    experiments: tuple[dict[str, Any], ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> "EditionSettings":
        """Those of a newsletter with these settings."""
        return cls(
            picks=settings.picks,
            relevance_floor=settings.relevance_floor,
            horizon_days=settings.horizon_days,
            schedule=settings.schedule,
            timezone=settings.timezone,
            local_time=settings.local_time,
            quiet_hours=settings.quiet_hours,
            stories_per_digest=settings.stories_per_digest,
            sunset_weeks=settings.sunset_weeks if settings.tracking else 0,
            vary_positions=settings.vary_positions,
            fallback=settings.fallback,
            ranker=settings.ranker,
            holdout=settings.holdout,
        )

    @property
    def ranker_experiment(self) -> "RankerExperiment | None":
        """The settings of the ranker that are compared in this edition."""
        found = [one for one in self.experiments if "a" in one]
        return RankerExperiment(**found[0]) if found else None

    @property
    def subject_test(self) -> "SubjectTest | None":
        """The subjects that are tried in this edition."""
        found = [one for one in self.experiments if "subjects" in one]
        return SubjectTest(**found[0]) if found else None

    def due_at(
        self, period: str, reader_zone: str | None, day: str | None = None, hour: int | None = None
    ) -> datetime:
        """When a copy is due: the newsletter's hour, on the reader's clock if so wanted; or, of a
        reader with a ``day`` or ``hour`` of their own, the first of those once the edition is out
        (of a newsletter that comes on several days, the ``hour`` alone).
        Never in the reader's quiet hours."""
        theirs = ZoneInfo(reader_zone or self.timezone)
        moment = schedule.occurrence(
            self.schedule, period, theirs if self.local_time else ZoneInfo(self.timezone)
        )
        if day is not None or hour is not None:
            moment = self._own(period, theirs, day, hour)
        quiet = None if self.quiet_hours is None else quiet_hours(self.quiet_hours)
        return schedule.after_quiet(moment, theirs, quiet)

    def out_at(self, period: str) -> datetime:
        """When the edition is out, and planned: the newsletter's hour; with readers' own hours,
        that hour where on earth it comes first."""
        zone = schedule.EARLIEST if self.local_time else ZoneInfo(self.timezone)
        return schedule.occurrence(self.schedule, period, zone)

    def _own(self, period: str, zone: ZoneInfo, day: str | None, hour: int | None) -> datetime:
        out = self.out_at(period)
        if self.local_time:  # the newsletter's day, where the reader is, has begun too
            out = max(out, schedule.day_begins(self.schedule, period, zone))
        wanted = schedule.hour_of(self.schedule) if hour is None else time(hour)
        several = schedules.parse(self.schedule).weekday is None
        weekday = None if day is None or several else DAYS.index(day)
        return schedule.next_on_the_clock(out, wanted, zone, weekday)
