"""What a score can be due to, and the row of affinities that each such interest has."""

from typing import Literal, NamedTuple

Kind = Literal["topic", "role", "history", "learned", "source", "crowd", "liked", "fresh"]


class Interest(NamedTuple):
    """One thing a score can be due to. ``name`` is folded; for an answered story (``history``, or
    ``learned`` once there are answers enough) it is the story's id. The interest ``fresh`` stands
    for a reader of whom nothing is known: any story will do. ``liked`` is what other readers of a
    role like, or all where the name is empty."""

    kind: Kind
    name: str


class Rows(dict[str, int]):
    """The rows of interests of one kind by name; a new name gets the next row in ``order``."""

    def __init__(self, kind: Kind, order: list[Interest]) -> None:
        super().__init__()
        self._kind = kind
        self._order = order

    def __missing__(self, name: str) -> int:
        row = self[name] = len(self._order)
        self._order.append(Interest(self._kind, name))
        return row
