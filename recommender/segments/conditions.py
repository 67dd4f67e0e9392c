"""A rule's tree as one SQL condition on ``Subscriber``, with bound parameters only.

Every condition is true or false and never unknown: what a reader has not stated compares as absent,
so ``not`` always means "all the others". A name unknown to the vocabulary matches nobody.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from recommender.errors import SegmentError
from recommender.models import (
    Delivery,
    DeliveryState,
    Event,
    EventKind,
    Role,
    RoleAlias,
    Segment,
    SegmentKind,
    SegmentMember,
    Status,
    Subscriber,
    SubscriberRole,
    SubscriberTopic,
    Topic,
    TopicAlias,
)
from recommender.segments.grammar import parse
from recommender.segments.nodes import Node
from recommender.subscribers import addresses
from recommender.subscribers.fields import TEXT_FIELDS
from recommender.vocabulary import fold

Condition = sa.ColumnElement[bool]
MAX_NESTED = 10
MAX_DEEP = 20
"""Conditions within conditions, through the segments a rule names; SQLite reads about 30."""
MAX_CONDITIONS = 900
"""Conditions in all, in the segments a rule names, too; SQLite takes 1,000 in a row."""
_OPERATORS: dict[str, Callable[[sa.ColumnElement[object], object], Condition]] = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
}
_TEXT = ["text", "string"]
_NUMERIC = r"^-?[0-9]{1,12}([.][0-9]{1,6})?$"
_COLUMNS = {name: getattr(Subscriber, name) for name in ("email", *TEXT_FIELDS)}
_MOMENTS = {"created": Subscriber.created_at, "active": Subscriber.last_active_at}


def compile_rule(session: Session, rule: str, now: dt.datetime) -> Condition:
    """The condition under which a subscriber belongs to ``rule``; SegmentError when it is wrong."""
    return _Compiler(session, rule, now, (), _Extent()).compile(parse(rule))


@dataclass
class _Extent:
    """How many conditions there are so far, and how deep the present one is."""

    number: int = 0
    depth: int = 0


class _Compiler:
    """One rule on its way to SQL; ``within`` names the segments it is nested in, with which it
    shares its ``extent``."""

    def __init__(
        self,
        session: Session,
        rule: str,
        now: dt.datetime,
        within: tuple[str, ...],
        extent: _Extent,
    ) -> None:
        self._session = session
        self._rule = rule
        self._now = now
        self._inside = within
        self._extent = extent

    def compile(self, node: Node) -> Condition:
        extent = self._extent
        extent.number += 1
        extent.depth += 1
        if extent.number > MAX_CONDITIONS:
            why = f"more than {MAX_CONDITIONS} conditions in all; a static list holds any number"
            raise SegmentError(self._rule, node.column, why)
        if extent.depth > MAX_DEEP:
            why = f"conditions within conditions, more than {MAX_DEEP} deep"
            raise SegmentError(self._rule, node.column, why)
        condition: Condition = getattr(self, f"_{node.kind}")(node)
        extent.depth -= 1
        return condition

    def _or(self, node: Node) -> Condition:
        return sa.or_(*(self.compile(part) for part in node.parts))

    def _and(self, node: Node) -> Condition:
        return sa.and_(*(self.compile(part) for part in node.parts))

    def _not(self, node: Node) -> Condition:
        return sa.not_(self.compile(node.parts[0]))

    def _all(self, _node: Node) -> Condition:
        return sa.true()

    def _role(self, node: Node) -> Condition:
        keys = [fold(str(name)) for name in node.values]
        known = sa.union(
            sa.select(Role.id).where(Role.key.in_(keys)),
            sa.select(RoleAlias.role_id).where(RoleAlias.key.in_(keys)),
        )
        return self._states(SubscriberRole, SubscriberRole.role_id.in_(known))

    def _role_none(self, _node: Node) -> Condition:
        return ~self._states(SubscriberRole, sa.true())

    def _topics(self, keys: list[str]) -> sa.CompoundSelect[int]:
        return sa.union(
            sa.select(Topic.id).where(Topic.key.in_(keys)),
            sa.select(TopicAlias.topic_id).where(TopicAlias.key.in_(keys)),
        )

    def _topic(self, node: Node) -> Condition:
        name, operator, number = node.values
        stated = (
            sa.select(SubscriberTopic.weight)
            .where(
                SubscriberTopic.subscriber_id == Subscriber.id,
                SubscriberTopic.topic_id.in_(self._topics([fold(str(name))])),
            )
            .limit(1)
            .scalar_subquery()
        )
        return _OPERATORS[str(operator)](sa.func.coalesce(stated, 0.0), number)

    def _topic_in(self, node: Node) -> Condition:
        known = self._topics([fold(str(name)) for name in node.values])
        liked = SubscriberTopic.topic_id.in_(known) & (SubscriberTopic.weight > 0)
        return self._states(SubscriberTopic, liked)

    def _states(
        self, table: type[SubscriberRole | SubscriberTopic], condition: Condition
    ) -> Condition:
        return sa.exists().where(table.subscriber_id == Subscriber.id, condition)

    def _attribute(self, node: Node) -> Condition:
        name, operator, value = node.values
        if operator == "!=":
            return sa.not_(self.compile(Node("attribute", (name, "=", value))))
        held = Subscriber.attributes[tuple(str(name).split("."))]
        compare, text = _OPERATORS[str(operator)], held.as_string()
        cases: list[tuple[list[str], Condition]] = []
        if isinstance(value, bool):
            cases.append((["true", "false", "boolean"], compare(held.as_boolean(), value)))
            cases.append((_TEXT, compare(sa.func.lower(text), str(value).lower())))
        elif isinstance(value, float):
            cases.append((["integer", "real", "number"], compare(held.as_float(), value)))
            as_number = compare(sa.cast(text, sa.Float), value)  # lists from elsewhere have texts
            numeric = text.regexp_match(_NUMERIC)
            cases.append((_TEXT, sa.case((numeric, as_number), else_=sa.false())))
        else:
            cases.append((_TEXT, compare(text, value)))
        kind = self._kind(str(name), held)
        return sa.case(*((kind.in_(kinds), one) for kinds, one in cases), else_=sa.false())

    def _kind(self, name: str, held: Any) -> sa.ColumnElement[str]:
        """What kind of JSON value an attribute is; '' where there is none."""
        if self._session.get_bind().dialect.name == "postgresql":
            return sa.func.coalesce(sa.func.jsonb_typeof(held), "")
        return sa.func.coalesce(sa.func.json_type(Subscriber.attributes, _json_path(name)), "")

    def _attribute_none(self, node: Node) -> Condition:
        held = Subscriber.attributes[tuple(str(node.values[0]).split("."))]
        return sa.func.coalesce(held.as_string(), "null") == "null"

    def _has(self, node: Node) -> Condition:
        """Whether a list holds a text; a single text is a list of one."""
        name, value = str(node.values[0]), str(node.values[1])
        if self._session.get_bind().dialect.name == "postgresql":
            held = Subscriber.attributes[tuple(name.split("."))]
            wanted = sa.func.to_jsonb(sa.cast(value, sa.Text))
            return sa.func.coalesce(sa.cast(held, JSONB).bool_op("@>")(wanted), sa.false())
        items = sa.func.json_each(Subscriber.attributes, _json_path(name)).table_valued(
            "value", "type"
        )
        return sa.exists().where(items.c.value == value, items.c.type == "text")

    def _has_none(self, node: Node) -> Condition:
        held = Subscriber.attributes[tuple(str(node.values[0]).split("."))]
        return sa.func.coalesce(held.as_string(), "null").in_(("null", "[]", ""))

    def _field(self, node: Node) -> Condition:
        field, value = str(node.values[0]), str(node.values[1])
        if field == "status":
            if value.casefold() not in list(Status):
                why = f"{value!r} is no status; expected {', '.join(Status)}"
                raise SegmentError(self._rule, node.column, why)
            return Subscriber.status == value.casefold()
        if field == "domain":
            return self._ends(Node("ends", ("email", f"@{value.removeprefix('@')}")))
        if field == "email":
            return Subscriber.address_hash == addresses.address_hash(self._session, value)
        held = sa.func.lower(sa.func.coalesce(_COLUMNS[field], ""))
        return held == value.lower()

    def _ends(self, node: Node) -> Condition:
        field, value = str(node.values[0]), str(node.values[1])
        column = _COLUMNS.get(field)
        if column is None:
            raise SegmentError(self._rule, node.column, f"{field} cannot be compared by its end")
        held = sa.func.lower(sa.func.coalesce(column, ""))
        ending = addresses.fold(value) if field == "email" else value.lower()
        return held.endswith(ending, autoescape=True)

    def _date(self, node: Node) -> Condition:
        field, operator, day = node.values
        if not isinstance(day, dt.date):
            raise TypeError("the grammar gives a date")
        start = dt.datetime.combine(day, dt.time(), dt.UTC)
        held = _MOMENTS[str(field)]
        end = start + dt.timedelta(days=1)
        conditions = {
            ">=": held >= start,
            ">": held >= end,
            "<": held < start,
            "<=": held < end,
            "=": (held >= start) & (held < end),
            "!=": (held < start) | (held >= end),
        }
        return held.is_not(None) & conditions[str(operator)]

    def _within(self, node: Node) -> Condition:
        field, days = node.values
        held = _MOMENTS[str(field)]
        return held.is_not(None) & (held >= self._ago(days))

    def _clicked(self, node: Node) -> Condition:
        return sa.exists().where(
            Event.subscriber_id == Subscriber.id,
            Event.kind == EventKind.CLICK,
            Event.verified,
            Event.at >= self._ago(node.values[0]),
        )

    def _ago(self, days: object) -> dt.datetime:
        number = min(int(str(days)), 100_000)
        return self._now - dt.timedelta(days=number)

    def _received(self, node: Node) -> Condition:
        operator, number = node.values
        got = (
            sa.select(sa.func.count())
            .where(Delivery.subscriber_id == Subscriber.id, Delivery.state == DeliveryState.SENT)
            .scalar_subquery()
        )
        return _OPERATORS[str(operator)](got, number)

    def _segment(self, node: Node) -> Condition:
        name = str(node.values[0])
        if name in self._inside or len(self._inside) >= MAX_NESTED:
            chain = " → ".join((*self._inside, name))
            raise SegmentError(self._rule, node.column, f"segments refer to each other: {chain}")
        found = self._session.scalar(sa.select(Segment).where(Segment.name == name))
        if found is None:
            raise SegmentError(self._rule, node.column, f"there is no segment {name!r}")
        return of_segment(self._session, found, self._now, self._inside, self._extent)


def of_segment(
    session: Session,
    segment: Segment,
    now: dt.datetime,
    within: tuple[str, ...] = (),
    extent: _Extent | None = None,
) -> Condition:
    """The condition under which a subscriber belongs to ``segment``."""
    if segment.kind == SegmentKind.STATIC or segment.rule is None:
        listed = sa.select(SegmentMember.subscriber_id)
        return Subscriber.id.in_(listed.where(SegmentMember.segment_id == segment.id))
    compiler = _Compiler(session, segment.rule, now, (*within, segment.name), extent or _Extent())
    return compiler.compile(parse(segment.rule))


def _json_path(name: str) -> str:
    """SQLite's path for a dotted name."""
    return "$" + "".join(f'."{part}"' for part in name.split("."))
