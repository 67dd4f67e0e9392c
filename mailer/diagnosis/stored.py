"""The store: can it be used and written, is there room, and what does it know of troubles?"""

from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer import conformance
from mailer.delivery import samples
from mailer.diagnosis.finding import Finding, error, of_trouble, ok, refused, warning
from mailer.ledger import editions
from mailer.monitoring import alerts, heartbeats, readiness, supervision, surroundings, troubles
from mailer.monitoring.troubles import Kind
from mailer.throttling import pauses, warmup
from recommender import store_opening
from recommender.errors import NewsletterError
from recommender.models import DeliveryState
from recommender.safety import quarantine
from recommender.settings import Settings
from recommender.storage import damage, database, migrations


def opened(settings: Settings) -> tuple[Engine | None, Finding]:
    """The store where it can be used, and what is to be said of it."""
    try:
        engine = database.connect(settings.store_url)
        with damage.explained(engine):
            migrations.check_version(engine)
            damage.refuse_damaged(engine, None)
            store_opening.check_newsletter(engine, settings.newsletter)
    except NewsletterError as why:
        return None, refused("store", why, "see docs/operations.md, backup and restore")
    return engine, ok("store", database.place(engine))


def check_space(engine: Engine | None, settings: Settings, now: datetime) -> list[Finding]:
    """Whether store and home can be written, which is tried, and how much space is left."""
    places = [settings.home] if settings.home.is_dir() else []
    found: list[Finding] = []
    if engine is not None:
        places = readiness.places(engine, settings)
        try:
            heartbeats.beat(engine, [], "", now)
        except (NewsletterError, sa.exc.DBAPIError) as why:
            cannot = f"cannot be written: {supervision.words(why)}"
            found.append(error("store", cannot, "see its rights, its disk, and who locks it"))
    return found + [_space(place) for place in places]


def _space(place: Path) -> Finding:
    if (why := readiness.cannot_be_written(place)) is not None:
        todo = "see its rights and its disk; a service that cannot write stands still"
        return error("space", f"{place} cannot be written: {why}", todo)
    if low := surroundings.disks([place]):
        return of_trouble(low[0])
    return ok("space", f"{readiness.free_bytes(place) / 1e9:,.1f} GB left in {place}")


def check_state(
    engine: Engine, session: Session, settings: Settings, now: datetime
) -> list[Finding]:
    """Where the warm-up stands, which domains are paused, whether the clocks agree, what is wrong
    with the service, and what could not be told."""
    skew = database.skew(engine, now)
    found: list[Finding] = []
    if settings.warm_up is not None:
        step = warmup.step(session, settings, now)
        found.append(ok("warm-up", "over" if step is None else step.sentence()))
    wrong = troubles.known(engine, session, settings, now + skew, skew)
    here = (Kind.DISK, Kind.RELAY)  # which are looked at apart
    found += [of_trouble(one) for one in wrong if one.kind not in here]
    untold = alerts.waiting(session)
    for alert in [one for one in untold if one.error is not None][-1:]:
        why = f"{len(untold)} could not be sent by {alert.channel}: {alert.error}"
        found.append(warning("alerts", why, "run `newsletter alerts test`"))
    for pause in pauses.paused(session, now):
        why = f"paused until {pause.until:%Y-%m-%d %H:%M} UTC: {pause.why}"
        found.append(warning(pause.domain, why, "nothing; its copies go out afterwards"))
    return found


def check_backups(
    session: Session, settings: Settings, now: datetime, *, strict: bool
) -> list[Finding]:
    """When the store was last backed up; ``strict``: that it ever was."""
    made = troubles.backed_up(session, settings)
    if made is not None:
        late = settings.backup_days and now - made > timedelta(days=settings.backup_days)
        return [] if late else [ok("backup", f"the latest is of {made:%Y-%m-%d %H:%M} UTC")]
    todo = "run `newsletter store backup FILE` every day, or set backup_path to what others write"
    why = "none was made, as far as is known"
    if settings.backup_path is not None:
        why += f": there is nothing at {settings.backup_path} (backup_path)"
    return [warning("backup", why, todo)] if strict else []


def check_quarantine(settings: Settings) -> list[Finding]:
    """What was set aside since nobody could read it."""
    number, oldest = quarantine.count(settings.quarantine), quarantine.oldest(settings.quarantine)
    if oldest is None:
        return []
    why = (
        f"{number} things that could not be read are in {settings.quarantine}, the oldest since "
        f"{oldest:%Y-%m-%d}"
    )
    return [warning("quarantine", why, "look at them, then remove them")]


def check_edition(session: Session, settings: Settings, now: datetime) -> list[Finding]:
    """A sample of the copies of the latest edition, as they are or were to be sent."""
    kept = [one for one in editions.listing(session) if one.slim_at is None]
    latest = next((one for one in kept if one.newsletter.name == settings.newsletter), None)
    if latest is None:
        return []
    name = latest.name
    try:
        broken, number = samples.check(session, settings, latest, now, tuple(DeliveryState))
    except NewsletterError as why:
        return [refused("edition", why, "see `newsletter editions show`")]
    todo = "see its template and texts: `newsletter editions proof`, `templates check`"
    return [
        (error if one.level == "must" else warning)(name, one.sentence(), todo) for one in broken
    ] or [ok(name, f"{len(conformance.RULES)} rules hold in each of {number} messages")]
