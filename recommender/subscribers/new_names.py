"""Names in an import that the vocabulary lacks: each said once, with the nearest that is known."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from recommender import vocabulary
from recommender.vocabulary import Kind, terms

COMPARED = 50
"""New names of each kind for which the nearest known one is looked up."""


class NewNames:
    """The new names of one import, by kind; a name counts as new once, whatever its case."""

    def __init__(self) -> None:
        self._met: dict[Kind, set[str]] = {"topic": set(), "role": set()}

    def described(self, session: Session, kind: Kind, names: Iterable[str]) -> dict[str, str]:
        """What is to be said of each of ``names`` that neither the store nor this import knew."""
        folded: dict[str, str] = {}
        for name in names:
            folded.setdefault(vocabulary.fold(name), name)
        folded.pop("", None)
        known = vocabulary.find(session, kind, folded)
        met = self._met[kind]
        new = {key: name for key, name in folded.items() if key not in known and key not in met}
        if not new:
            return {}
        compared = sorted(new)[: max(0, COMPARED - len(met))]
        near = terms.nearest(session, kind, compared, offered_only=True)
        said = {}
        for key, name in sorted(new.items()):
            met.add(key)
            guess = f"; the nearest known one is {near[key]!r}" if key in near else ""
            said[name] = (
                f"{kind}s: {name!r} is new{guess}; it is kept for the reader, and "
                f"offered to nobody until `newsletter {kind}s offer`"
            )
        return said
