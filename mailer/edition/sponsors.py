"""Sponsors of a newsletter: added, changed, listed and removed; and who of them is in whose copy.

Which sponsor a copy shows is decided when it is planned, by the day of its edition and the segments
of its reader, and frozen with it. The caller commits.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.edition import schedule
from mailer.edition.edition_settings import EditionSettings
from mailer.issue import plaintext
from mailer.issue.content import web_address
from mailer.issue.sponsors import LONGEST_NAME, LONGEST_TEXT, SponsorContent
from mailer.ledger import counts
from recommender.errors import ConflictError, InputError, NotFoundError
from recommender.models import Delivery, Edition, Event, EventKind, Newsletter, Sponsor

LONGEST_ALT = 300
FIRST_ROW: sa.ColumnElement[int] = sa.func.coalesce(Sponsor.changed_from, Sponsor.id)
"""The number of a sponsor: the id of the first of its rows, however often it was changed."""


@dataclass(frozen=True)
class Slots:
    """Who may be in the copies of an edition: ids of sponsors with their segments (None: for
    everybody), those of a segment first, then by age."""

    sponsors: Sequence[tuple[int, str | None]] = ()

    @property
    def segments(self) -> Collection[str]:
        return [segment for _, segment in self.sponsors if segment is not None]

    def of(self, segments: Collection[str]) -> int | None:
        """The sponsor in the copy of a reader of ``segments``; None: nobody is."""
        return next(
            (key for key, segment in self.sponsors if segment is None or segment in segments), None
        )


def slots(
    session: Session,
    newsletter_id: int,
    edition_settings: EditionSettings,
    period: str,
    now: datetime,
) -> Slots:
    """The sponsors of the edition of ``period`` if it is planned now, by the day it goes out: that
    of the newsletter's hour, or today if that is past."""
    zone = ZoneInfo(edition_settings.timezone)
    hour = schedule.occurrence(edition_settings.schedule, period, zone)
    day = max(hour, now).astimezone(zone).date()
    query = (
        sa.select(Sponsor.id, Sponsor.segment)
        .where(
            Sponsor.newsletter_id == newsletter_id,
            Sponsor.removed_at.is_(None),
            Sponsor.first_day <= day,
            sa.or_(Sponsor.last_day.is_(None), Sponsor.last_day >= day),
        )
        .order_by(Sponsor.segment.is_(None), FIRST_ROW, Sponsor.id)
    )
    return Slots([(key, segment) for key, segment in session.execute(query)])


def contents(session: Session, newsletter: str) -> Mapping[int, SponsorContent]:
    """What each sponsor says, those that were removed too: copies go on naming them."""
    query = sa.select(Sponsor).join(Newsletter, Newsletter.id == Sponsor.newsletter_id)
    rows = session.scalars(query.where(Newsletter.name == newsletter))
    return {row.id: content(row) for row in rows}


def drafted(
    given: Mapping[str, str],
    today: date,
    label: Callable[[str], str] = lambda field: field,
) -> Sponsor:
    """A sponsor as somebody gives it, not in the store yet: ``name``, ``text``, ``link``, and if
    wanted ``picture``, ``alt``, ``segment``, ``from`` and ``until`` (days). InputError names the
    field, as ``label`` calls it, and why."""

    def wrong(field: str, why: str) -> InputError:
        return InputError(label(field), None, why)

    texts = {"name": LONGEST_NAME, "text": LONGEST_TEXT, "alt": LONGEST_ALT}
    cleaned = {field: plaintext.clean(given.get(field, "")) for field in texts}
    for field, most in texts.items():
        length = len(cleaned[field])
        if length > most or not (length or field == "alt"):
            raise wrong(field, f"has {length} characters; 1 to {most} are taken")
    addresses = {}
    for field, start, kind in (("link", "http", "web"), ("picture", "https://", "https")):
        text = given.get(field, "").strip()
        addresses[field] = web_address(text)
        if (text or field == "link") and not addresses[field].startswith(start):
            raise wrong(field, f"{text[:80]!r} is no {kind} address")
    days: dict[str, date | None] = {}
    for field in ("from", "until"):
        text = given.get(field, "").strip()
        try:
            days[field] = date.fromisoformat(text) if text else None
        except ValueError:
            raise wrong(field, f"{text!r} is no date; write it as 2026-12-01") from None
    first, last = days["from"] or today, days["until"]
    if last is not None and last < today:
        raise wrong("until", f"{last} is past; name today or a day to come")
    if last is not None and last < first:
        raise wrong("until", f"{last} is before {first}")
    return Sponsor(
        name=cleaned["name"],
        text=cleaned["text"],
        url=addresses["link"],
        image_url=addresses["picture"] or None,
        image_alt=cleaned["alt"] or None,
        segment=given.get("segment") or None,
        first_day=first,
        last_day=last,
    )


def content(row: Sponsor) -> SponsorContent:
    """What a sponsor says."""
    return SponsorContent(row.name, row.text, row.url, row.image_url or "", row.image_alt or "")


def find(session: Session, newsletter_id: int, key: int) -> Sponsor:
    """The sponsor with this number, as it is now. Raises NotFoundError; ConflictError when it was
    removed."""
    query = sa.select(Sponsor).where(FIRST_ROW.in_((key,)), Sponsor.newsletter_id == newsletter_id)
    row = session.scalars(query.order_by(Sponsor.id.desc()).limit(1)).first()
    if row is None:
        raise NotFoundError(f"no sponsor {key}; `newsletter sponsors list` shows those there are")
    if row.removed_at is not None:
        raise ConflictError(f"the sponsor {key} was removed on {row.removed_at:%Y-%m-%d}")
    return row


def given(row: Sponsor) -> dict[str, str]:
    """A sponsor as ``drafted`` takes it."""
    return {
        "name": row.name,
        "text": row.text,
        "link": row.url,
        "picture": row.image_url or "",
        "alt": row.image_alt or "",
        "segment": row.segment or "",
        "from": row.first_day.isoformat(),
        "until": "" if row.last_day is None else row.last_day.isoformat(),
    }


def change(session: Session, row: Sponsor, wanted: Sponsor, *, by: str, now: datetime) -> Sponsor:
    """Let ``wanted`` (``drafted``) take the place of ``row`` in copies that are planned from now
    on. It keeps the number and the turn of the sponsor, and its copies and clicks are counted
    together."""
    if given(wanted) == given(row):
        return row
    wanted.newsletter_id, wanted.changed_from = row.newsletter_id, number(row)
    wanted.made_by, wanted.made_at = by, now
    row.removed_at, row.removed_by = now, by
    session.add(wanted)
    session.flush()
    return wanted


def number(row: Sponsor) -> int:
    """By which editors name a sponsor."""
    return row.changed_from or row.id


def remove(session: Session, newsletter_id: int, key: int, *, by: str, now: datetime) -> Sponsor:
    """Show it in no copy that is planned from now on. Raises NotFoundError, ConflictError."""
    row = find(session, newsletter_id, key)
    row.removed_at, row.removed_by = now, by
    session.flush()
    return row


def listing(session: Session, newsletter_id: int, today: date) -> list[dict[str, Any]]:
    """Every sponsor, the latest first, with how many copies with it were sent and how many of them
    were clicked."""
    query = sa.select(Sponsor).where(Sponsor.newsletter_id == newsletter_id)
    rows: dict[int, list[Sponsor]] = {}
    for row in session.scalars(query.order_by(Sponsor.id.desc())):
        rows.setdefault(number(row), []).append(row)
    if not rows:
        return []
    sent, clicked = _sent(session, newsletter_id), _clicked(session)
    return [
        {
            "id": key,
            "name": row.name,
            "text": row.text,
            "link": row.url,
            "picture": row.image_url,
            "alt": row.image_alt,
            "segment": row.segment,
            "from": row.first_day,
            "until": row.last_day,
            "state": _state(row, today),
            "readers": sum(sent.get(one.id, 0) for one in those),
            "clicked": sum(clicked.get(one.id, 0) for one in those),
            "by": row.made_by,
            "at": row.made_at,
        }
        for key, (row, *_) in sorted(rows.items(), reverse=True)
        for those in (rows[key],)
    ]


def _state(row: Sponsor, today: date) -> str:
    if row.removed_at is not None:
        return "removed"
    if today < row.first_day:
        return "to come"
    return "over" if row.last_day is not None and row.last_day < today else "running"


def _sent(session: Session, newsletter_id: int) -> dict[int, int]:
    named = Delivery.reader["sponsor"].as_integer()
    query = (
        sa.select(named, sa.func.count())
        .join(Edition, Edition.id == Delivery.edition_id)
        .where(Edition.newsletter_id == newsletter_id, counts.SENT, named.is_not(None))
        .group_by(named)
    )
    return {key: number for key, number in session.execute(query)}  # noqa: C416  (rows, typed)


def _clicked(session: Session) -> dict[int, int]:
    named = Event.data["sponsor"].as_integer()
    query = (
        sa.select(named, sa.func.count(sa.distinct(Event.delivery_id)))
        .where(Event.kind == EventKind.CLICK, Event.verified, Event.story_id.is_(None))
        .where(named.is_not(None))
        .group_by(named)
    )
    return {key: number for key, number in session.execute(query)}  # noqa: C416  (rows, typed)
