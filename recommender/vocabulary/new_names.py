"""Names that the vocabulary lacks, each with the nearest that readers are offered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from recommender.vocabulary import terms
from recommender.vocabulary.names import fold
from recommender.vocabulary.terms import Kind


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
        near = terms.nearest(session, kind, new, offered_only=True)
        found += [NewName(kind, name, near.get(key)) for key, name in new.items()]
    return found
