"""The tree of a rule: its nodes, and how they are made from what the parser finds. Values that are
none are named with their column."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from lark import Token, Transformer

from recommender.errors import SegmentError

TAGS = "tags"
"""The attribute that holds a reader's tags."""
_PATH = re.compile(r"[\w-]+(\.[\w-]+){0,9}")


@dataclass(frozen=True)
class Node:
    """One part of a rule: what it is, its values, the parts in it, and its column (1-based)."""

    kind: str
    values: tuple[object, ...] = ()
    parts: tuple["Node", ...] = ()
    column: int = 1


def _text(token: Token) -> str:
    return str(token)[1:-1]


class Builder(Transformer[Token, Node]):
    """Lark's tree to ours; values that are no values are named with their column. Children are
    what the methods for the inner parts returned, hence Any."""

    def __init__(self, rule: str) -> None:
        super().__init__()
        self._rule = rule

    def either(self, parts: list[Node]) -> Node:
        return Node("or", parts=tuple(parts), column=parts[0].column)

    def both(self, parts: list[Node]) -> Node:
        return Node("and", parts=tuple(parts), column=parts[0].column)

    def negated(self, parts: list[Node]) -> Node:
        return Node("not", parts=tuple(parts), column=parts[0].column)

    def everyone(self, _parts: list[Token]) -> Node:
        return Node("all")

    def role_in(self, parts: list[list[str]]) -> Node:
        return Node("role", tuple(parts[0]))

    def role_is(self, parts: list[Token]) -> Node:
        node = Node("role", (_text(parts[1]),), column=column_of(parts[1]))
        return node if parts[0] == "=" else Node("not", parts=(node,))

    def role_none(self, _parts: list[Token]) -> Node:
        return Node("role_none")

    def topic_weight(self, parts: list[Any]) -> Node:
        name, (operator, number) = parts
        return Node("topic", (_text(name), operator, number), column=column_of(name))

    def topic_in(self, parts: list[list[str]]) -> Node:
        return Node("topic_in", tuple(parts[0]))

    def attribute(self, parts: list[Any]) -> Node:
        name, (operator, value) = parts
        return Node("attribute", (self._path(name), operator, value))

    def attribute_in(self, parts: list[Any]) -> Node:
        name, values = parts
        path = self._path(name)
        tests = (Node("attribute", (path, "=", value)) for value in values)
        return Node("or", parts=tuple(tests))

    def attribute_none(self, parts: list[Token]) -> Node:
        return Node("attribute_none", (self._path(parts[0]),))

    def attribute_has(self, parts: list[Token]) -> Node:
        return Node("has", (self._path(parts[0]), _text(parts[1])))

    def tag_is(self, parts: list[Token]) -> Node:
        node = Node("has", (TAGS, _text(parts[1])))
        return node if parts[0] == "=" else Node("not", parts=(node,))

    def tag_in(self, parts: list[list[str]]) -> Node:
        return Node("or", parts=tuple(Node("has", (TAGS, name)) for name in parts[0]))

    def tag_none(self, _parts: list[Token]) -> Node:
        return Node("has_none", (TAGS,))

    def _path(self, name: Token) -> str:
        """The name of an attribute, with dots for those within others."""
        if not _PATH.fullmatch(_text(name)):
            why = "an attribute's name has letters, digits, _ and -, and dots between its parts"
            raise SegmentError(self._rule, column_of(name), why)
        return _text(name)

    def field_is(self, parts: list[Token]) -> Node:
        node = Node("field", (str(parts[0]).lower(), str(parts[2])), column=column_of(parts[0]))
        return node if parts[1] == "=" else Node("not", parts=(node,))

    def field_in(self, parts: list[Any]) -> Node:
        name, words = parts
        place = column_of(name)
        tests = (Node("field", (str(name).lower(), str(word)), column=place) for word in words)
        return Node("or", parts=tuple(tests))

    def field_ends(self, parts: list[Token]) -> Node:
        return Node("ends", (str(parts[0]).lower(), _text(parts[1])))

    def date_compare(self, parts: list[Token]) -> Node:
        try:
            day = dt.date.fromisoformat(str(parts[2]))
        except ValueError as error:
            why = f"{parts[2]} is no day in the calendar"
            raise SegmentError(self._rule, column_of(parts[2]), why) from error
        return Node("date", (str(parts[0]).lower(), str(parts[1]), day))

    def date_within(self, parts: list[Token]) -> Node:
        return Node("within", (str(parts[0]).lower(), int(parts[1])))

    def clicked(self, parts: list[Token]) -> Node:
        return Node("clicked", (int(parts[0]),))

    def received(self, parts: list[tuple[str, float]]) -> Node:
        return Node("received", parts[0])

    def nested(self, parts: list[Token]) -> Node:
        return Node("segment", (_text(parts[0]),), column=column_of(parts[0]))

    def comparison(self, parts: list[Token]) -> tuple[str, float]:
        return str(parts[0]), float(parts[1])

    def comparison_any(self, parts: list[object]) -> tuple[str, object]:
        return str(parts[0]), parts[1]

    def number(self, parts: list[Token]) -> float:
        return float(parts[0])

    def string(self, parts: list[Token]) -> str:
        text = str(parts[0])
        return text[1:-1] if text[0] in "\"'" else text

    def boolean(self, parts: list[Token]) -> bool:
        return str(parts[0]).lower() == "true"

    def strings(self, parts: list[Token]) -> list[str]:
        return [_text(part) for part in parts]

    def values(self, parts: list[object]) -> list[object]:
        return parts

    def words(self, parts: list[object]) -> list[object]:
        return parts


def column_of(token: object) -> int:
    """Where ``token`` begins (1-based)."""
    found = getattr(token, "column", None)
    return found if isinstance(found, int) else 1
