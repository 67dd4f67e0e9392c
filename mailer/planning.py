"""Plans an edition: who gets it, which stories each of them gets, and when each copy is due.

Planning freezes the choice. Stories are taken as they stand when planning begins and kept with the
edition; picks and their reasons are kept with each delivery. It goes through the audience in
batches, one transaction each, so a planning that was killed goes on where it stopped.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer import frequency, schedule
from mailer.kept import pick_document, reader_document
from mailer.rendering import Template
from recommender import audience, catalogue, database, segments, vocabulary
from recommender.audience import Member
from recommender.catalogue import Catalogue
from recommender.errors import ConflictError, NotFoundError
from recommender.limits import quiet_hours
from recommender.models import (
    Delivery,
    DeliveryState,
    Edition,
    EditionState,
    EditionStory,
    Newsletter,
    Segment,
    TemplateVersion,
)
from recommender.ranking.ranker import Ranker
from recommender.ranking.settings import RankingSettings
from recommender.ranking.values import Ranking
from recommender.settings import DAYS, Settings, weekday_and_time

NOTHING_RELEVANT = "nothing_relevant"
NOTHING = Ranking("", ())


@dataclass(frozen=True)
class Terms:
    """Under which terms an edition was planned; frozen with it."""

    picks: int
    relevance_floor: float
    horizon_days: int
    schedule: str
    timezone: str
    local_time: bool
    quiet_hours: str | None = None

    @classmethod
    def of(cls, settings: Settings, newsletter: Newsletter) -> "Terms":
        return cls(
            picks=newsletter.picks or settings.picks,
            relevance_floor=settings.relevance_floor,
            horizon_days=settings.horizon_days,
            schedule=newsletter.schedule or settings.schedule,
            timezone=settings.timezone,
            local_time=settings.local_time,
            quiet_hours=settings.quiet_hours,
        )

    def due_at(
        self, period: str, reader_zone: str | None, day: str | None = None, hour: int | None = None
    ) -> datetime:
        """When a copy is due: the newsletter's hour, on the reader's clock if so wanted; or, of a
        reader with a ``day`` or ``hour`` of their own, the first of those once the edition is out.
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
        _, at, minute = weekday_and_time(self.schedule)
        wanted = time(at, minute) if hour is None else time(hour)
        weekday = None if day is None else DAYS.index(day)
        return schedule.next_on_the_clock(out, wanted, zone, weekday)


def plan(
    engine: Engine,
    settings: Settings,
    template: Template,
    *,
    period: str,
    now: datetime,
    segment: str | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Plan the edition of ``period``, or finish planning it; its id. Already planned: no change.

    Raises ConflictError while another process is planning it, or when it was planned for another
    segment; NotFoundError for an unknown segment.
    """
    schedule.check_period(period)
    with database.lock(engine, f"plan-{settings.newsletter}-{period}") as free:
        if not free:
            raise ConflictError(f"the edition {period} is being planned by another process")
        with database.writing(engine) as session:
            edition = _open(session, settings, template, period, segment, now)
            identifier, state = edition.id, edition.state
        if state == EditionState.PLANNING:
            _fill(engine, identifier, progress)
    return identifier


def newsletter_of(session: Session, settings: Settings) -> Newsletter:
    """The configured newsletter; added when it is new."""
    found = session.scalar(sa.select(Newsletter).where(Newsletter.name == settings.newsletter))
    if found is None:
        raise NotFoundError(
            f"the store has no newsletter {settings.newsletter!r}; run `newsletter init`"
        )
    return found


def _open(
    session: Session,
    settings: Settings,
    template: Template,
    period: str,
    segment: str | None,
    now: datetime,
) -> Edition:
    newsletter = newsletter_of(session, settings)
    found = session.scalar(
        sa.select(Edition).where(Edition.newsletter_id == newsletter.id, Edition.period == period)
    )
    if found is not None:
        if segment is not None and found.segment != segment:
            planned_for = f"segment {found.segment!r}" if found.segment else "all readers"
            raise ConflictError(f"{found.name} is already planned, for {planned_for}")
        return found
    if segment is None and newsletter.segment_id is not None:
        segment = session.get_one(Segment, newsletter.segment_id).name
    if segment is not None:
        segments.get(session, segment)
    keep_template(session, template, now)
    edition = Edition(
        newsletter_id=newsletter.id,
        period=period,
        state=EditionState.PLANNING,
        segment=segment,
        template_hash=template.hash,
        settings=asdict(Terms.of(settings, newsletter)),
        planned_at=now,
    )
    session.add(edition)
    session.flush()
    return edition


def keep_template(session: Session, template: Template, now: datetime) -> None:
    """Keep the compiled template under its hash, once."""
    version = database.insert(session, TemplateVersion).values(
        hash=template.hash, name=template.name, html=template.html, text=template.text, at=now
    )
    session.execute(version.on_conflict_do_nothing())


def ranker_for(session: Session, terms: Terms, now: datetime) -> tuple[Ranker, Catalogue]:
    """The ranker over the stories of the store as of ``now``, and those stories."""
    stories = catalogue.load(session, now=now, horizon_days=terms.horizon_days)
    ranker = Ranker(
        stories.candidates,
        archive=stories.archive,
        vocabulary=vocabulary.load(session),
        settings=RankingSettings(relevance_floor=terms.relevance_floor),
    )
    return ranker, stories


def _fill(engine: Engine, edition_id: int, progress: Callable[[int], None]) -> None:
    with database.reading(engine) as session:
        edition = session.get_one(Edition, edition_id)
        terms = Terms(**edition.settings)
        name = edition.name
        ranker, stories = ranker_for(session, terms, edition.planned_at)
        done = session.scalar(sa.select(sa.func.count()).where(Delivery.edition_id == edition_id))
    number = done or 0
    while True:
        with database.reading(engine) as session:
            condition = audience.mailable()
            if edition.segment is not None:
                condition &= segments.condition(session, edition.segment, edition.planned_at)
            members = next(
                audience.batches(session, condition, after=edition.planned_through), None
            )
            if members is None:
                break
            resting = frequency.resting(session, edition.newsletter_id, edition.period, members)
        rankings = dict.fromkeys((member.id for member in members), NOTHING)
        awake = [member for member in members if member.id not in resting]
        rankings |= zip(
            (member.id for member in awake),
            ranker.rank(
                [member.reader for member in awake],
                now=edition.planned_at,
                top=terms.picks,
                seed=name,
            ),
            strict=True,
        )
        with database.writing(engine) as session:
            chosen = [rankings[member.id] for member in members]
            _write(session, edition, terms, members, chosen, resting, number, stories)
            session.execute(
                sa.update(Edition)
                .where(Edition.id == edition_id)
                .values(planned_through=members[-1].id)
            )
        edition.planned_through = members[-1].id
        number += len(members)
        progress(number)
    with database.writing(engine) as session:
        session.execute(
            sa.update(Edition)
            .where(Edition.id == edition_id, Edition.state == EditionState.PLANNING)
            .values(state=EditionState.PLANNED)
        )


def _why_skipped(ranking: Ranking, *, resting: bool) -> str | None:
    if ranking.picks:
        return None
    return frequency.SKIPPED if resting else NOTHING_RELEVANT


def _write(
    session: Session,
    edition: Edition,
    terms: Terms,
    members: Sequence[Member],
    rankings: Sequence[Ranking],
    resting: Collection[int],
    number: int,
    stories: Catalogue,
) -> None:
    rows = []
    for place, (member, ranking) in enumerate(zip(members, rankings, strict=True), number + 1):
        rows.append(
            {
                "edition_id": edition.id,
                "subscriber_id": member.id,
                "number": place,
                "state": DeliveryState.PLANNED if ranking.picks else DeliveryState.SKIPPED,
                "reason": _why_skipped(ranking, resting=member.id in resting),
                "settled_at": None if ranking.picks else edition.planned_at,
                "due_at": terms.due_at(edition.period, member.timezone, member.day, member.hour),
                "picks": [pick_document(pick) for pick in ranking.picks],
                "story_ids": [int(pick.story) for pick in ranking.picks],
                "reader": reader_document(member),
                "template_hash": edition.template_hash,
            }
        )
    session.execute(sa.insert(Delivery), rows)
    used = {
        story
        for ranking in rankings
        for pick in ranking.picks
        for story in (pick.story, *pick.also)
        if story in stories.documents
    }
    if used:
        frozen = database.insert(session, EditionStory).on_conflict_do_nothing()
        session.execute(
            frozen,
            [
                {
                    "edition_id": edition.id,
                    "story_id": int(story),
                    "content": stories.documents[story],
                }
                for story in sorted(used, key=int)
            ],
        )
