"""The one list of what is wrong with a running service, in words for its operators.

``doctor`` prints it, ``/metrics`` counts it, and ``alerts`` tell it: each trouble has the same name
and the same sentence wherever it shows. Nothing is changed here, and no reader is named.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer.edition import schedule
from mailer.ledger import editions
from mailer.monitoring import heartbeats, job_runs, readiness, surroundings
from mailer.monitoring.trouble import Kind as Kind
from mailer.monitoring.trouble import Trouble as Trouble
from mailer.relay.transport import Relay
from recommender.articles import feed_schedule
from recommender.errors import NewsletterError
from recommender.models import Edition, EditionState, OngoingTrouble
from recommender.safety import scrubbing
from recommender.settings import Settings

BACKUP = "backup"
"""The job that ``store backup`` notes."""
MAILBOX_JOBS = {
    "bounces": "the mailbox of bounces",
    "newsletter_mailbox": "the mailbox of newsletters",
}
"""Jobs that read a mailbox, and what that is called."""


ASKED = (Kind.RELAY, Kind.CERTIFICATE)
"""Kinds that are found by asking others, which one process does for all."""


def found(
    engine: Engine,
    session: Session,
    settings: Settings,
    now: datetime,
    skew: timedelta = timedelta(0),
) -> list[Trouble]:
    """All that can be told without asking a relay. ``now`` is the store's, ``skew`` by how much
    that is ahead of this machine's."""
    return [
        *surroundings.clock(session, now, skew),
        *surroundings.slow(session),
        *_silent(session, now),
        *_editions(session, settings, now),
        *_jobs(session),
        *_feeds(session, now),
        *_backup(session, settings, now),
        *surroundings.disks(readiness.places(engine, settings)),
    ]


def known(
    engine: Engine,
    session: Session,
    settings: Settings,
    now: datetime,
    skew: timedelta = timedelta(0),
) -> list[Trouble]:
    """The same, and what asking around found last (``ASKED``)."""
    asked = sa.select(OngoingTrouble).where(OngoingTrouble.kind.in_(ASKED))
    return found(engine, session, settings, now, skew) + [
        Trouble(Kind(one.kind), one.subject, one.sentence, one.what_to_do)
        for one in session.scalars(asked.order_by(OngoingTrouble.id))
    ]


def relay(asked: Relay, timeout: float) -> Trouble | str:
    """What is wrong with a relay, or its good answer."""
    try:
        return asked.check(timeout)
    except NewsletterError as error:
        why = str(error).removeprefix(f"relay {asked.name}: ")
    return Trouble(
        Kind.RELAY,
        asked.name,
        f"takes no mail: {why}",
        "see that it runs and that smtp_url is right; copies wait until it answers",
    )


def _silent(session: Session, now: datetime) -> Iterator[Trouble]:
    for problem in readiness.silent(session, now):
        who, _, how = problem.why.partition(" has given ")
        yield Trouble(
            Kind(problem.what),
            who,
            f"has given {how}",
            "see whether its process runs, and what it last said; start it again",
        )


def _editions(session: Session, settings: Settings, now: datetime) -> Iterator[Trouble]:
    for theirs, late in readiness.lateness(session, settings, now):
        if late <= readiness.GRACE:
            continue
        zone = schedule.publishing_zone(theirs)
        period, moment = schedule.latest(theirs.schedule, zone, now)
        yield Trouble(
            Kind.OVERDUE,
            f"{theirs.newsletter}-{period}",
            f"is overdue: its hour was {moment:%Y-%m-%d %H:%M} UTC",
            "see whether the service runs, and what `newsletter editions list` says",
        )
    for edition in readiness.in_trouble(session):
        yield Trouble(
            Kind.UNSENT,
            edition.name,
            f"cannot be sent: {scrubbing.text(edition.last_error or '')}",
            "nothing is lost, and it is tried again every minute; `newsletter editions show` "
            "says how far it is",
        )
    query = sa.select(Edition).where(Edition.state == EditionState.PAUSED, Edition.why.is_not(None))
    for edition in session.scalars(query.options(sa.orm.joinedload(Edition.newsletter))):
        if edition.why != editions.BY_HAND:
            yield Trouble(
                Kind.PAUSED,
                edition.name,
                f"is paused: {scrubbing.text(edition.why or '')}",
                "see `newsletter editions report`; then `newsletter editions resume` or `cancel`",
            )


def _jobs(session: Session) -> Iterator[Trouble]:
    for name, run in job_runs.by_name(session).items():
        if run.error is None:
            continue
        kind = Kind.MAILBOX if name in MAILBOX_JOBS else Kind.JOB
        yield Trouble(
            kind,
            MAILBOX_JOBS.get(name, f"the job {name}"),
            f"{'cannot be read' if kind == Kind.MAILBOX else 'fails'}: {run.error}",
            "it is tried again by itself; see the words, and what the service last said",
        )


def _feeds(session: Session, now: datetime) -> Iterator[Trouble]:
    for feed in feed_schedule.dead(session, now):
        since = "never" if feed.succeeded_at is None else f"last on {feed.succeeded_at:%Y-%m-%d}"
        gone = "is gone, and asked no more"
        dead = f"could not be read for a week ({since} well)"
        yield Trouble(
            Kind.FEED,
            feed.url,
            f"{dead if feed.paused_at is None else gone}: {feed.problem}",
            "see whether it has moved; `newsletter feeds remove` or `feeds pause` ends this",
        )


def _backup(session: Session, settings: Settings, now: datetime) -> Iterator[Trouble]:
    made = backed_up(session, settings)
    if made is None or not settings.backup_days:
        return
    if now - made > timedelta(days=settings.backup_days):
        yield Trouble(
            Kind.BACKUP,
            "the latest backup",
            f"is of {made:%Y-%m-%d %H:%M} UTC",
            "run `newsletter store backup`, or set backup_days to how often one is made",
        )


def backed_up(session: Session, settings: Settings) -> datetime | None:
    """When the store was last backed up, by `store backup` or into ``backup_path``; None when it
    never was, as far as is known."""
    run = job_runs.by_name(session).get(BACKUP)
    made = [] if run is None or run.succeeded_at is None else [run.succeeded_at]
    return max([*made, *readiness.written(settings.backup_path)], default=None)


def sending(session: Session, now: datetime) -> bool:
    """Whether a sender is at work: then the relays are not asked beside it."""
    sending = sa.select(Edition.id).where(Edition.state == EditionState.SENDING).limit(1)
    if session.scalar(sending) is None:
        return False
    sign = heartbeats.latest(session).get(heartbeats.Kind.SENDER)
    return sign is not None and heartbeats.fresh(sign, now)
