"""What topics and roles are called: aliases, relations, and the words that stand for each.

Names are compared as the whole product compares them, and beyond that without regard to hyphens
and dashes. A name the vocabulary does not hold stands for itself.
"""

from collections.abc import Iterable

from recommender.ranking import words
from recommender.ranking.values import Term


class Names:
    """The topics, or the roles, of a vocabulary. Names given in and out are folded."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self._terms: dict[str, Term] = {}
        self._canonical: dict[str, str] = {}
        for term in terms:
            self._terms.setdefault(words.fold(term.name), term)
        for name, term in self._terms.items():
            for alias in term.aliases:
                folded = words.fold(alias)
                if folded not in self._terms:
                    self._canonical.setdefault(folded, name)
        self._spelt: dict[str, str] = {}

    def canonical(self, name: str) -> str:
        """The folded name that ``name`` stands for."""
        folded = words.fold(name)
        found = self._canonical.get(folded, folded)
        if found not in self._terms:
            self._spelt.setdefault(found, " ".join(name.split()))
        return found

    def shown(self, name: str) -> str:
        """A canonical name as it is written."""
        term = self._terms.get(name)
        return term.name if term is not None else self._spelt.get(name, name)

    def related(self, name: str) -> list[str]:
        """Canonical names of what the vocabulary relates to ``name``."""
        term = self._terms.get(name)
        return [] if term is None else [self.canonical(other) for other in term.related]

    def spellings(self, name: str) -> list[str]:
        """The name and its aliases."""
        term = self._terms.get(name)
        return [self.shown(name)] if term is None else [term.name, *term.aliases]

    def texts(self, name: str) -> list[tuple[str, float]]:
        """The pseudo-document of a name: its spellings and definition, with weights."""
        term = self._terms.get(name)
        if term is None:
            return [(self.shown(name), 3.0)]
        aliases = [(alias, 2.0) for alias in term.aliases]
        related = [(other, 0.5) for other in term.related]
        return [(term.name, 3.0), *aliases, (term.definition, 1.0), *related]
