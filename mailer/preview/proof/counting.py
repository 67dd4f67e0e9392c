"""Counts a run of readers for a proof: chooses, renders and measures the copy of each, and holds a
sample against the rules for mail. Several processes may each count a part (``process_group``)."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, joinedload

from mailer import conformance
from mailer.delivery import messages, samples
from mailer.delivery.messages import CopyRequest, MessageFactory
from mailer.edition import (
    edition_edits,
    edition_ranker,
    experiments,
    planning,
    shards,
    snapshot,
    templates,
)
from mailer.edition.edition_ranker import EditionRanker
from mailer.edition.edition_settings import EditionSettings
from mailer.issue import content
from mailer.preview.proof.tally import TOO_LARGE, Example, Tally
from recommender import segments
from recommender.articles.catalogue import Catalogue
from recommender.errors import NewsletterError
from recommender.models import Delivery, DeliveryState, Edition, EditionState, Subscriber
from recommender.safety import private_files
from recommender.settings import Settings
from recommender.storage import database, json_columns
from recommender.subscribers import audience, subscriptions

SAMPLE = 400
"""Copies that are held against the rules, beside one with each story."""
Range = tuple[int, int]
"""First and last id of a run of readers."""


@dataclass(frozen=True)
class Asked:
    """Of which edition a proof is wanted, for whom (none: everybody), and as of when."""

    settings: Settings
    period: str
    segment: str | None
    now: datetime

    def readers(self, session: Session) -> sa.ColumnElement[bool]:
        """The condition under which a subscriber is in the audience; those whose pause is over
        are, as they will be when the edition is planned."""
        newsletter = planning.newsletter_of(session, self.settings)
        wanted = self.segment or planning.default_segment(session, newsletter)
        condition = audience.mailable_at(self.now) & ~subscriptions.left(newsletter.id)
        if wanted is not None:
            condition &= segments.condition(session, wanted, self.now)
        return condition


@dataclass(frozen=True)
class Opened:
    """An edition as it is, or would be if it were planned now."""

    ranker: EditionRanker
    stories: Catalogue
    factory: MessageFactory
    segments: Sequence[str]
    planned: int | None = None
    takes_readers: bool = True

    @property
    def at(self) -> datetime:
        return self.ranker.edition.planned_at


def opened(session: Session, asked: Asked) -> Opened:
    """What copies of the edition are made from: what is frozen of it, or what would be."""
    settings = samples.presentable(asked.settings)
    newsletter = planning.newsletter_of(session, settings)
    names = [segment.name for segment in segments.listing(session)]
    edition = session.scalar(
        sa.select(Edition)
        .options(joinedload(Edition.newsletter))
        .where(Edition.newsletter_id == newsletter.id, Edition.period == asked.period)
    )
    if edition is not None:
        edition_settings = EditionSettings(**edition.settings)
        ranker, stories = edition_ranker.opened(
            session, edition, edition_settings, edition_id=edition.id
        )
        factory = messages.factory(session, settings, edition)
        takes = planning.takes_readers(edition) and edition.state != EditionState.CANCELLED
        return Opened(
            ranker,
            stories,
            factory,
            names,
            edition.id,
            takes,
        )
    edition = Edition(
        newsletter_id=newsletter.id,
        newsletter=newsletter,
        period=asked.period,
        planned_at=asked.now,
        template_hash="",
    )
    return _unplanned(session, settings, edition, names)


def _unplanned(
    session: Session, settings: Settings, edition: Edition, names: Sequence[str]
) -> Opened:
    """What an edition would be made from if it were planned now; it is in no session."""
    newsletter, period = edition.newsletter, edition.period
    edition_settings = experiments.frozen(session, settings, newsletter.id, period)
    ranker, stories = edition_ranker.opened(session, edition, edition_settings)
    factory = messages.make_factory(
        settings,
        newsletter=newsletter.name,
        period=period,
        template=templates.installed(settings),
        stories=content.contents(stories.documents),
        edits=edition_edits.current(session, newsletter.name, period),
    )
    return Opened(ranker, stories, factory, names)


@dataclass(frozen=True)
class Part:
    """The work of one process: count the readers of ``ranges`` and write the tally to ``out``. Of
    ``every`` so many copies one is held against the rules."""

    asked: Asked
    ranges: Sequence[Range]
    every: int
    out: Path

    @property
    def store_url(self) -> str:
        return self.asked.settings.store_url

    def run(
        self, engine: Engine, stop: threading.Event, progress: Callable[[int], None]
    ) -> str | None:
        tally = count(engine, self, stopped=stop.is_set, progress=progress)
        private_files.write(self.out, msgspec.json.encode(tally))
        return None


def count(
    engine: Engine,
    part: Part,
    *,
    stopped: Callable[[], bool],
    progress: Callable[[int], None],
) -> Tally:
    """The tally of the readers of a part."""
    tally = Tally()
    with database.reading(engine) as session:
        edition = opened(session, part.asked)
        session.expunge_all()
    counter = CopyCounter(edition, part.asked.now, part.every, tally)
    for first, last in part.ranges:
        if stopped():
            break
        with database.reading(engine) as session:
            theirs = part.asked.readers(session) & Subscriber.id.between(first, last)
            belonging = segments.memberships(session, edition.segments, theirs, part.asked.now)
            rows = [*_planned(session, edition, theirs), *_chosen(session, edition, theirs)]
        for row in rows:
            counter.take(row, belonging.get(row["subscriber_id"], ()))
            progress(tally.readers)
    return tally


def _planned(
    session: Session, edition: Opened, theirs: sa.ColumnElement[bool]
) -> Iterator[Mapping[str, Any]]:
    """The copies that are in the ledger already, as its rows."""
    if edition.planned is None:
        return
    query = (
        sa.select(
            *(Delivery.subscriber_id, Delivery.number, Delivery.state, Delivery.reason),
            *(Delivery.picks, Delivery.story_ids, Delivery.reader, Subscriber.email),
        )
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(Delivery.edition_id == edition.planned, theirs)
        .order_by(Subscriber.id)
    )
    yield from (dict(row) for row in session.execute(query).mappings())


def _chosen(
    session: Session, edition: Opened, theirs: sa.ColumnElement[bool]
) -> Iterator[Mapping[str, Any]]:
    """The copies that planning would add to the ledger, as its rows."""
    if not edition.takes_readers:
        return
    if edition.planned is not None:
        theirs &= ~shards.contains(edition.planned)
    readers = shards.read(session, edition.ranker, theirs, edition.at)
    emails = {member.id: member.email for member in readers.members}
    first = readers.members[0].id if readers.members else 0
    for row in shards.copies(edition.ranker, readers, first - 1, edition.at):
        yield {**row, "email": emails[int(str(row["subscriber_id"]))]}


class CopyCounter:
    """Takes in copies one by one."""

    def __init__(self, edition: Opened, now: datetime, every: int, tally: Tally) -> None:
        self._factory = edition.factory
        self._now = now
        self._every = every
        self._tally = tally
        self._seen: set[int] = set()

    def take(self, row: Mapping[str, Any], belonging: Sequence[str]) -> None:
        """A copy, and the segments its reader belongs to."""
        if row["state"] == DeliveryState.SKIPPED or not row["picks"]:
            self._tally.leave_out(row["email"], row["reason"] or shards.NOTHING_RELEVANT)
            return
        reader, stories = row["reader"], row["story_ids"]
        example = Example(
            email=row["email"],
            name=reader.get("name") or "",
            picks=json_columns.dump(row["picks"]),
            reader=json_columns.dump(reader),
        )
        groups = [f"segment:{name}" for name in belonging]
        groups += [f"role:{name}" for name in reader.get("roles") or ()]
        self._tally.take(example, stories, groups or ["role:"])
        self._render(example, stories)

    def _render(self, example: Example, stories: Sequence[int]) -> None:
        tally, copy = self._tally, request(example)
        try:
            tally.measure(self._factory.html_size(copy))
            if tally.with_issue % self._every and self._seen.issuperset(stories):
                return
            self._seen.update(stories)
            message = self._factory.message(copy, self._now)
        except (NewsletterError, ValueError, LookupError) as error:
            tally.breaks("every copy can be made", "error", f"{example.email}: {error}")
            return
        tally.checked += 1
        found = conformance.check(message.data, recipient=example.email, now=self._now)
        for rule, level in {(one.rule, one.level): None for one in found}:
            if rule != TOO_LARGE:
                what = next(one.what for one in found if one.rule == rule)
                tally.breaks(rule, "error" if level == "must" else "warning", what)


def request(example: Example) -> CopyRequest:
    """The copy of an example. It belongs to no delivery, so nobody's link is in it."""
    return CopyRequest(
        delivery_id=0,
        recipient=example.email,
        picks=snapshot.picks(example.picks),
        reader=snapshot.reader(example.reader),
    )


def ranges(session: Session, asked: Asked) -> list[tuple[int, int, int]]:
    """The audience in runs of readers: first and last id, and how many they are."""
    place = sa.func.row_number(type_=sa.Integer()).over(order_by=Subscriber.id)
    readers = (
        sa.select(Subscriber.id, (place - 1).label("before"))
        .where(asked.readers(session))
        .subquery()
    )
    query = sa.select(sa.func.min(readers.c.id), sa.func.max(readers.c.id), sa.func.count())
    rows = session.execute(query.group_by(readers.c.before // shards.SIZE))
    return sorted((first, last, number) for first, last, number in rows)
