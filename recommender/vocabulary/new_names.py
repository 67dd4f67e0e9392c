"""Names that the vocabulary lacks, each with the nearest that readers are offered."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from recommender.vocabulary import terms
from recommender.vocabulary.names import fold
from recommender.vocabulary.terms import Kind

LIKENESS = 0.7
"""Of two names, from which on one may be meant by the other (``difflib``'s ratio, 0 to 1)."""


@dataclass(frozen=True, slots=True)
class NewName:
    """A topic or role as it was written, and the ``nearest`` known one, if any is near."""

    kind: Kind
    name: str
    nearest: str | None

    def sentence(self) -> str:
        """``the topic 'Chpis' is new; the nearest known one is 'Chips'``."""
        guess = f"; the nearest known one is {self.nearest!r}" if self.nearest else ""
        return f"the {self.kind} {self.name!r} is new{guess}"


def of(session: Session, names: Mapping[Kind, Iterable[str]]) -> list[NewName]:
    """Those of ``names`` that the vocabulary lacks, once each whatever their case."""
    found = []
    for kind, given in names.items():
        folded: dict[str, str] = {}
        for name in given:
            folded.setdefault(fold(name), name)
        folded.pop("", None)
        known = terms.find(session, kind, folded)
        new = {key: name for key, name in folded.items() if key not in known}
        near = nearest(session, kind, new)
        found += [NewName(kind, name, near.get(key)) for key, name in new.items()]
    return found


def nearest(session: Session, kind: Kind, keys: Iterable[str]) -> dict[str, str]:
    """The offered name nearest to each folded name; of those that have one."""
    wanted = list(keys)
    if not wanted:
        return {}
    offered = {fold(name): name for name in sorted(terms.offered(session, kind))}
    found = {key: difflib.get_close_matches(key, offered, 1, LIKENESS) for key in wanted}
    return {key: offered[near[0]] for key, near in found.items() if near}
