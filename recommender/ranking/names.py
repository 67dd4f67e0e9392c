"""What topics and roles are called: aliases, relations, and the words that stand for each.

Names are compared as the whole product compares them, and beyond that without regard to hyphens
and dashes. A name the vocabulary does not hold stands for itself.
"""

from collections.abc import Iterable

from recommender.ranking import words
from recommender.ranking.values import Term

WALK, STEPS, FAR, BESIDE = 0.95, 6, 0.002, 0.5
"""Of the walk over related names: probability of a further step, steps, least weight kept, and
the most that a related name may weigh beside the name itself."""


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
        self._met: dict[str, str] = {}
        self._linked: dict[str, tuple[str, ...]] = {}

    def canonical(self, name: str) -> str:
        """The folded name that ``name`` stands for."""
        found = self._met.get(name)
        if found is None:
            folded = words.fold(name)
            found = self._met[name] = self._canonical.get(folded, folded)
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
        return [(term.name, 3.0), *aliases, (term.definition, 1.0)]

    def known(self, name: str) -> bool:
        """Whether the vocabulary holds a canonical name."""
        return name in self._terms

    def all_names(self) -> list[str]:
        """The canonical names of the whole vocabulary, sorted."""
        return sorted(self._terms)

    def all_texts(self) -> list[list[tuple[str, float]]]:
        """The pseudo-documents of the whole vocabulary, in the order of the names."""
        return [self.texts(name) for name in self.all_names()]

    def neighbourhood(self, name: str) -> dict[str, float]:
        """The names around ``name``, itself first: how often a walk over related names, which
        goes on with probability WALK at each step and back to the start at none, stands at each.
        Weights sum to 1. So a reader of one topic is a reader of its field, and most of itself.
        """
        if not self._linked:
            self._link()
        here, found = {name: 1.0}, {name: 1.0}
        for step in range(1, STEPS + 1):
            there: dict[str, float] = {}
            for at, weight in here.items():
                links = self._linked.get(at, ())
                for other in links:
                    there[other] = there.get(other, 0.0) + weight / len(links)
            for other, weight in there.items():
                found[other] = found.get(other, 0.0) + weight * WALK**step
            here = {at: weight for at, weight in there.items() if weight >= FAR / 4}
        most = found[name] * BESIDE
        near = {at: weight if at == name else min(weight, most) for at, weight in found.items()}
        least = FAR * sum(near.values())
        kept = {at: weight for at, weight in sorted(near.items()) if weight >= least or at == name}
        total = sum(kept.values())
        return {at: weight / total for at, weight in kept.items()}

    def _link(self) -> None:
        """Relations both ways, among names that the vocabulary holds."""
        linked: dict[str, set[str]] = {name: set() for name in self._terms}
        for name in self._terms:
            for other in self.related(name):
                if other in linked and other != name:
                    linked[name].add(other)
                    linked[other].add(name)
        self._linked = {name: tuple(sorted(others)) for name, others in linked.items()}
