"""Fills a store with years of an invented newsletter's life, by SQL alone: the rows look like the
product's own, with slim documents."""

import json
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from recommender.models import (
    Article,
    DeliveryState,
    Edition,
    EditionState,
    Newsletter,
    Role,
    Story,
    Subscriber,
    SubscriberTopic,
    TemplateVersion,
    Topic,
)
from recommender.storage import database
from recommender.subscribers import addresses

STORIES = 500
PICKS = json.dumps(
    [
        {"story": story, "position": place, "score": 0.5, "reasons": [["topic", "Data", 1.0]]}
        | {"also": [], "propensity": None}
        for place, story in enumerate((1, 2, 3), 1)
    ]
)
READER = json.dumps({"name": "", "locale": None, "roles": ["CTO"], "topics": {"Data": 2.0}})
FIRST = "reader1@example.com"
WEEK = timedelta(weeks=1)


def fill(engine: Engine, *, readers: int, editions: int, now: datetime) -> None:
    """``readers`` who each got ``editions`` copies, one a week, the newest of them still to be sent
    to nine in ten; every fourth copy was clicked, half of that by machines."""
    with database.writer(engine).begin() as connection:
        _content(connection, now)
    with database.writing(engine) as session:
        key = addresses.address_hash(session, FIRST)
        _readers(session.connection(), readers, now)
        first = sa.update(Subscriber).where(Subscriber.id == 1)
        session.execute(first.values(email=FIRST, address_hash=key))
    for number in range(editions):
        last = number == editions - 1
        with database.writer(engine).begin() as connection:
            _edition(connection, readers, now - WEEK * (editions - 1 - number), last=last)
    postgresql = engine.dialect.name == "postgresql"
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM (ANALYZE)" if postgresql else "ANALYZE")


def readers(engine: Engine, number: int, *, now: datetime, topics: int) -> None:
    """Readers with one role and so many topics of the store's vocabulary each."""
    with database.writing(engine) as session:
        connection = session.connection()
        _readers(connection, number, now)
        connection.execute(sa.delete(SubscriberTopic))
        series = _series(connection, number)
        known, roles = (
            session.scalar(sa.select(sa.func.count()).select_from(kind)) or 1
            for kind in (Topic, Role)
        )
        for turn in range(topics):
            _run(
                connection,
                "INSERT INTO subscriber_topics (subscriber_id, topic_id, weight) SELECT n, "
                f"1 + (n * {17 + 2 * turn} + n / 7 + {turn * known // topics}) % {known}, "
                f"1 + (n + {turn}) % 3 FROM {series} "
                "ON CONFLICT DO NOTHING",
            )
        _run(
            connection,
            f"INSERT INTO subscriber_roles (subscriber_id, role_id) SELECT n, 1 + n % {roles} "
            f"FROM {series}",
        )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def size(engine: Engine) -> str:
    """What the store weighs, in words."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            page = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
            return f"{pages * page / 2**30:.1f} GiB"
        rows = connection.exec_driver_sql(
            "SELECT pg_table_size('deliveries') / 1073741824.0, "
            "pg_indexes_size('deliveries') / 1073741824.0, "
            "pg_database_size(current_database()) / 1073741824.0"
        ).one()
    table, indexes, whole = (f"{float(value):.1f} GiB" for value in rows)
    return f"deliveries {table} and indexes {indexes}, the store {whole}"


def _content(connection: Connection, now: datetime) -> None:
    stamp = {"imported_at": now, "updated_at": now, "content_hash": ""}
    articles = [{"key": f"a{n}", "title": f"Article {n}"} | stamp for n in range(STORIES)]
    connection.execute(sa.insert(Article), articles)
    stories = [
        {"article_id": n + 1, "key": f"s{n}", "position": 1, "title": f"Story {n}"}
        for n in range(STORIES)
    ]
    connection.execute(sa.insert(Story), stories)
    version = {"hash": "0" * 64, "name": "weekly", "html": "", "text": "", "at": now}
    connection.execute(sa.insert(TemplateVersion), [version])


def _run(connection: Connection, statement: str) -> None:
    """One statement; what it refers to is known to be there."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
    connection.execute(sa.text(statement))


def _series(connection: Connection, number: int) -> str:
    """A subquery that counts from 1 to ``number``, as column ``n``."""
    if connection.dialect.name == "postgresql":
        return f"(SELECT generate_series(1, {number}) AS n) AS series"
    return (
        f"(WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted "
        f"WHERE n < {number}) SELECT n FROM counted) AS series"
    )


def _text(moment: datetime, connection: Connection) -> str:
    postgresql = connection.dialect.name == "postgresql"
    return f"'{moment:%Y-%m-%d %H:%M:%S.000000}{'+00' if postgresql else ''}'"


def _hash(connection: Connection) -> str:
    if connection.dialect.name == "postgresql":
        return "encode(sha256(n::text::bytea), 'hex')"
    return "printf('%064x', n)"


def _readers(connection: Connection, readers: int, now: datetime) -> None:
    stamp, series = _text(now, connection), _series(connection, readers)
    _run(
        connection,
        "INSERT INTO subscribers (id, email, address_hash, name, status, attributes, created_at, "
        f"updated_at) SELECT n, 'reader' || n || '@example.com', {_hash(connection)}, '', "
        f"'active', '{{}}', {stamp}, {stamp} FROM {series}",
    )
    _run(
        connection,
        "INSERT INTO subscriber_topics (subscriber_id, topic_id, weight) "
        f"SELECT n, 1 + k * 7 + n % 5, 2 FROM {series}, "
        "(SELECT 1 AS k UNION ALL SELECT 2 UNION ALL SELECT 3) AS few",
    )
    _run(
        connection,
        "INSERT INTO consent_events (subscriber_id, at, after, source, proof) "
        f"SELECT n, {stamp}, 'active', 'import', '{{}}' FROM {series}",
    )


def _edition(connection: Connection, readers: int, moment: datetime, *, last: bool) -> None:
    weekly = connection.execute(sa.select(Newsletter.id)).scalar_one()
    year, week, _ = moment.isocalendar()
    edition = connection.execute(
        sa.insert(Edition)
        .values(
            newsletter_id=weekly,
            period=f"{year}-W{week:02}",
            state=EditionState.SENDING if last else EditionState.FINISHED,
            template_hash="0" * 64,
            settings={},
            planned_at=moment,
            started_at=moment,
            finished_at=None if last else moment,
        )
        .returning(Edition.id)
    ).scalar_one()
    stamp, series = _text(moment, connection), _series(connection, readers)
    sent, waiting = DeliveryState.SENT.value, DeliveryState.PLANNED.value
    state = f"CASE WHEN n % 10 = 0 THEN '{sent}' ELSE '{waiting}' END" if last else f"'{sent}'"
    ids = (
        "'[' || "
        + " || ',' || ".join(f"(1 + (n * {k} + {edition * 7}) % {STORIES})" for k in (1, 3, 7))
        + " || ']'"
    )
    cast = "::jsonb" if connection.dialect.name == "postgresql" else ""
    _run(
        connection,
        "INSERT INTO deliveries (edition_id, subscriber_id, number, state, due_at, picks, "
        "story_ids, reader, template_hash, attempts, settled_at, relay, reply) "
        f"SELECT {edition}, n, n, {state}, {stamp}, '{PICKS}'{cast}, ({ids}){cast}, "
        f"'{READER}'{cast}, '{'0' * 64}', 1, "
        f"CASE WHEN {state} = '{sent}' THEN {stamp} ELSE NULL END{'::timestamptz' if cast else ''},"
        f" 'relay', '250 2.0.0 queued' FROM {series}",
    )
    _run(
        connection,
        "INSERT INTO events (at, kind, subscriber_id, delivery_id, story_id, verified, data) "
        f"SELECT {stamp}, 'click', subscriber_id, id, 1 + id % {STORIES}, "
        f'{"id % 8 = 0"}, \'{{"method": "GET", "agent": "Mozilla"}}\'{cast} '
        f"FROM deliveries WHERE edition_id = {edition} AND id % 4 = 0",
    )
