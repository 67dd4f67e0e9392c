"""What all tables share: naming, keys, and a time column that is always aware and UTC."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Enum, Integer, MetaData, Table
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeDecorator


def utc(moment: datetime) -> datetime:
    """The same moment in UTC; a naive time is refused, since it means nothing."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone")
    return moment.astimezone(UTC)


class UTCDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python; ``timestamptz`` on PostgreSQL, naive UTC text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = utc(value)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def choice(kind: type[StrEnum]) -> Enum:
    """A column holding one of ``kind``'s values as plain text, so that a new value needs no type
    migration."""
    return Enum(
        kind,
        native_enum=False,
        length=24,
        values_callable=lambda members: [member.value for member in members],
        validate_strings=True,
    )


Document = JSON().with_variant(JSONB(), "postgresql")
"""A JSON value; JSONB on PostgreSQL."""

Key = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit row id; on SQLite the type that makes it the table's own rowid."""

primary_key = Annotated[int, mapped_column(Key, primary_key=True, autoincrement=True)]


class Base(DeclarativeBase):
    """Metadata with names for every constraint, so that migrations can address them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  (SQLAlchemy reads it from the class)
        datetime: UTCDateTime(),
        dict[str, Any]: Document,
        list[str]: Document,
        list[int]: Document,
        list[dict[str, Any]]: Document,
    }

    @classmethod
    def table(cls) -> Table:
        """The table itself, for statements on many rows that need no objects."""
        found = cls.__table__
        if not isinstance(found, Table):
            raise TypeError(f"{cls.__name__} is not mapped to a table")
        return found
