"""The newsletters of a store. ``newsletter.toml`` describes the first; each other keeps what sets
it apart in the store, and takes the rest from there. The caller commits.

``of`` gives the settings of a newsletter: all that takes settings serves any of them alike.
"""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.orm import Session

from recommender.errors import ConflictError, NewsletterError, NotFoundError
from recommender.models import Edition, EditionState, JobRun, Newsletter, Segment
from recommender.settings import Settings, problems, schedules

KEYS = (
    "title", "from", "reply_to", "language", "schedule", "timezone", "local_time", "picks",
    "stories_per_digest", "ranker", "holdout", "vary_positions", "relevance_floor", "fallback",
    "horizon_days", "postal_address", "tagline", "logo", "accent", "footer", "imprint_url",
    "privacy_url", "font", "welcome",
)  # fmt: skip
"""What a newsletter may have of its own, as ``newsletter.toml`` writes it; keys that there are no
settings for are refused."""


def keys() -> list[str]:
    """The keys that can be set for a newsletter."""
    return [key for key in KEYS if _field(key) in Settings.model_fields]


def listing(session: Session, *, retired: bool = False) -> list[Newsletter]:
    """The newsletters, the oldest first; with ``retired``, those too that are published no more."""
    query = sa.select(Newsletter).order_by(Newsletter.id)
    if not retired:
        query = query.where(Newsletter.retired_at.is_(None))
    return list(session.scalars(query))


def get(session: Session, name: str) -> Newsletter:
    """The newsletter of that name; NotFoundError names those there are."""
    found = session.scalar(sa.select(Newsletter).where(Newsletter.name == name))
    if found is None:
        names = ", ".join(row.name for row in listing(session, retired=True)) or "none"
        raise NotFoundError(f"there is no newsletter {name!r}; the store has {names}")
    return found


def of(settings: Settings, newsletter: Newsletter) -> Settings:
    """The settings under which ``newsletter`` is made and sent."""
    if newsletter.name == settings.newsletter and not newsletter.settings:
        return settings
    return _replaced(settings, newsletter.name, newsletter.settings)


def all_of(session: Session, settings: Settings) -> list[Settings]:
    """The settings of every newsletter that is published."""
    return [of(settings, newsletter) for newsletter in listing(session)]


def add(
    session: Session,
    settings: Settings,
    name: str,
    values: Mapping[str, object],
    *,
    segment: str | None,
    now: datetime,
) -> Newsletter:
    """A new newsletter with ``values`` of its own (see ``keys``), for everybody or a ``segment``.

    Raises ConflictError when there is one of that name, NewsletterError for a value that is wrong.
    """
    if session.scalar(sa.select(Newsletter.id).where(Newsletter.name == name)) is not None:
        raise ConflictError(f"there is a newsletter {name!r} already; `newsletters set` changes it")
    own = _checked(settings, name, values)
    newsletter = Newsletter(
        name=name, settings=own, segment_id=_segment(session, segment), created_at=now
    )
    session.add(newsletter)
    session.flush()
    return newsletter


def change(
    session: Session,
    settings: Settings,
    newsletter: Newsletter,
    values: Mapping[str, object],
    *,
    segment: str | None = None,
    everybody: bool = False,
    cleared: tuple[str, ...] = (),
) -> None:
    """Give a newsletter other values; what is ``cleared`` is as ``newsletter.toml`` has it again.

    Raises ConflictError for the newsletter that ``newsletter.toml`` describes, and for a schedule
    under which its past editions would be out of order.
    """
    if newsletter.name == settings.newsletter and (values or cleared):
        raise ConflictError(f"{newsletter.name} is described by newsletter.toml; change it there")
    kept = {key: value for key, value in newsletter.settings.items() if key not in cleared}
    own = _checked(settings, newsletter.name, kept | dict(values))
    before, after = of(settings, newsletter), _replaced(settings, newsletter.name, own)
    if _periods(before) != _periods(after) and _has_editions(session, newsletter):
        raise ConflictError(
            f"{newsletter.name} has come {before.schedule!r} and its editions are named so; retire "
            f"it and add another newsletter that comes {after.schedule!r}"
        )
    newsletter.settings = own
    if segment is not None or everybody:
        newsletter.segment_id = _segment(session, segment)
    session.flush()


def retire(session: Session, settings: Settings, newsletter: Newsletter, *, now: datetime) -> None:
    """Publish no further edition of it; its archive stays. Raises ConflictError for the newsletter
    that ``newsletter.toml`` describes, and while an edition of it is on its way."""
    if newsletter.name == settings.newsletter:
        raise ConflictError(f"{newsletter.name} is described by newsletter.toml and cannot retire")
    on_its_way = Edition.state.not_in((EditionState.FINISHED, EditionState.CANCELLED))
    query = sa.select(Edition.period).where(Edition.newsletter_id == newsletter.id, on_its_way)
    if (period := session.scalar(query.limit(1))) is not None:
        raise ConflictError(
            f"{newsletter.name}-{period} is on its way; let it finish, or cancel it with "
            f"`newsletter --newsletter {newsletter.name} editions cancel --period {period}`"
        )
    newsletter.retired_at = newsletter.retired_at or now
    session.execute(sa.delete(JobRun).where(JobRun.name.endswith(f" {newsletter.name}")))
    session.flush()


def _checked(settings: Settings, name: str, values: Mapping[str, object]) -> dict[str, object]:
    unknown = [key for key in values if key not in keys()]
    if unknown:
        raise NewsletterError(
            f"a newsletter has no {unknown[0]!r} of its own; it may have {', '.join(keys())}"
        )
    _replaced(settings, name, values)
    return dict(values)


def _replaced(settings: Settings, name: str, values: Mapping[str, object]) -> Settings:
    given = {_field(key): value for key, value in values.items()}
    try:
        return settings.replace(newsletter=name, **given)
    except ValidationError as error:
        problem = error.errors()[0]
        key = str(problem["loc"][0]) if problem["loc"] else name
        why = problems.describe(problem)
        raise NewsletterError(f"newsletter {name!r}, {key}: {why}") from error


def _field(key: str) -> str:
    return "sender" if key == "from" else key


def _segment(session: Session, name: str | None) -> int | None:
    if name is None:
        return None
    found = session.scalar(sa.select(Segment.id).where(Segment.name == name))
    if found is None:
        raise NotFoundError(f"there is no segment {name!r}; `newsletter segments create` makes one")
    return found


def _periods(settings: Settings) -> str:
    """How its editions are named: by days, weeks or months."""
    cadence = schedules.parse(settings.schedule).cadence
    return {
        schedules.Cadence.DAILY: "days",
        schedules.Cadence.WEEKDAYS: "days",
        schedules.Cadence.MONTHLY: "months",
    }.get(cadence, "weeks")


def _has_editions(session: Session, newsletter: Newsletter) -> bool:
    known = sa.exists().where(Edition.newsletter_id == newsletter.id)
    return bool(session.scalar(sa.select(known)))
