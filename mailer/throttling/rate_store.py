"""What the store holds of rate limits: a row of windows for each, read and written under its lock.

``rates`` gives out permits from it; ``look`` and ``tidy`` are for those who give out none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer.throttling import sliding_window
from mailer.throttling.sliding_window import Window, ticks
from recommender.models import RateLimit
from recommender.settings.limits import LimitReached, Rates
from recommender.storage import bulk, database

AHEAD = timedelta(microseconds=sliding_window.AHEAD)


@dataclass
class Stock:
    """Permits of one limit in this sender's hands. ``moves`` are corrections for the store: so many
    permits counted at the first moment were used at the second, or (None) not at all."""

    rates: Rates
    left: int = 0
    until: int = 0
    size: int = 0
    full: LimitReached | None = None
    moves: list[tuple[int, int | None, int]] = field(default_factory=list)


def hold(stock: Stock) -> int:
    return sliding_window.hold(stock.rates[0].seconds)


def locked(
    session: Session, keys: Iterable[str], now: datetime | None = None
) -> dict[str, dict[str, list[list[int]]]]:
    """What the store holds for ``keys``, with those rows locked; ``now`` makes missing ones."""
    wanted = sorted(keys)
    query = (
        sa.select(RateLimit.key, RateLimit.windows)
        .where(RateLimit.key.in_(wanted))
        .order_by(RateLimit.key)
        .with_for_update()
    )
    rows = {row.key: row.windows for row in session.execute(query)}
    missing = [key for key in wanted if key not in rows]
    if not missing or now is None:
        return rows
    new = [{"key": k, "windows": {}, "started_at": now, "expires_at": now} for k in missing]
    session.execute(bulk.insert(session, RateLimit).on_conflict_do_nothing(), new)
    return {row.key: row.windows for row in session.execute(query)}


def current(
    document: dict[str, list[list[int]]], stock: Stock, tick: int, *, grow: bool = False
) -> dict[int, Window]:
    """The windows of a limit with this sender's corrections in them. ``grow``: only those that the
    limit has now."""
    wanted = {rate.seconds for rate in stock.rates}
    windows = sliding_window.read(
        document, wanted if grow else wanted | {int(name) for name in document}
    )
    for window in windows.values():
        for counted, used, number in stock.moves:
            window.add(counted, -number)
            if used is not None:
                window.add(used, number)
        window.return_to(tick, hold(stock))
        window.forget(tick)
    return windows


def write(session: Session, key: str, counted: Mapping[int, Window], now: datetime) -> None:
    began = RateLimit.started_at
    session.execute(
        sa.update(RateLimit)
        .where(RateLimit.key == key)
        .values(
            windows=sliding_window.to_document(counted.values()),
            started_at=sa.case((began > now + AHEAD, now), else_=began),  # the clock has come back
            expires_at=sliding_window.moment(max(window.ends() for window in counted.values())),
        )
        .execution_options(synchronize_session=False)
    )


def peek(engine: Engine, limits: Mapping[str, Rates], now: datetime) -> LimitReached | None:
    """Which of ``limits`` gives no permit now, and the latest moment one of them will; reads only,
    but where a clock that was ahead has left what must be set right."""
    if not limits:
        return None
    query = sa.select(RateLimit.key, RateLimit.windows).where(RateLimit.key.in_(list(limits)))
    with database.reading(engine) as session:
        rows = {row.key: row.windows for row in session.execute(query)}
    ahead = [key for key, document in rows.items() if _is_ahead(document, limits[key], now)]
    if ahead:
        with database.writing(engine) as session:
            for key, document in locked(session, ahead).items():
                stock = Stock(limits[key])
                write(session, key, current(document, stock, ticks(now)), now)
    refused = []
    for key, document in rows.items():
        counted = current(document, Stock(limits[key]), ticks(now), grow=True)
        refused += [
            LimitReached(sliding_window.moment(counted[rate.seconds].frees(rate.most)), key, rate)
            for rate in limits[key]
            if counted[rate.seconds].count() >= rate.most
        ]
    return max(refused, key=lambda full: full.until, default=None)


def _is_ahead(document: dict[str, list[list[int]]], rates: Rates, now: datetime) -> bool:
    windows = sliding_window.read(document, [int(name) for name in document])
    longest = hold(Stock(rates))
    return any(window.return_to(ticks(now), longest) for window in windows.values())


def delete_stale(session: Session, *, now: datetime, keep: str) -> None:
    """Remove rows that say nothing any more, but those whose key begins with ``keep``."""
    session.execute(
        sa.delete(RateLimit).where(
            RateLimit.expires_at < now, ~RateLimit.key.startswith(keep, autoescape=True)
        )
    )
