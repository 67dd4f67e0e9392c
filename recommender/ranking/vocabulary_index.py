"""What topics and roles are called: aliases, relations, and the words that stand for each.

Names are compared as the whole product compares them, and beyond that without regard to hyphens
and dashes. A name the vocabulary does not hold stands for itself, and so does one of which it says
nothing: neither definition, alias nor relation.
"""

from collections.abc import Iterable

import numpy as np
import scipy.sparse as sp

from recommender.ranking import words
from recommender.ranking.settings import VocabularySettings
from recommender.ranking.values import Term


class VocabularyIndex:
    """The topics, or the roles, of a vocabulary. Names given in and out are folded."""

    def __init__(self, terms: Iterable[Term], settings: VocabularySettings | None = None) -> None:
        self.settings = settings or VocabularySettings()
        self._terms: dict[str, Term] = {}
        self._canonical: dict[str, str] = {}
        terms = list(terms)
        named = {words.fold(other) for term in terms for other in term.related}
        for term in terms:
            said = term.definition or term.aliases or term.related
            if said or words.fold(term.name) in named:
                self._terms.setdefault(words.fold(term.name), term)
        for name, term in self._terms.items():
            for alias in (*term.aliases, *term.translations):
                folded = words.fold(alias)
                if folded not in self._terms:
                    self._canonical.setdefault(folded, name)
        self._spelt: dict[str, str] = {}
        self._met: dict[str, str] = {}
        self._number = {name: at for at, name in enumerate(self.all_names())}
        self._links: sp.csr_array | None = None
        self._around: dict[str, dict[str, float]] = {}

    def canonical(self, name: str) -> str:
        """The folded name that ``name`` stands for."""
        canonical = self._met.get(name)
        if canonical is None:
            folded = words.fold(name)
            canonical = self._met[name] = self._canonical.get(folded, folded)
            if canonical not in self._terms:
                self._spelt.setdefault(canonical, " ".join(name.split()))
        return canonical

    def shown(self, name: str) -> str:
        """A canonical name as it is written."""
        term = self._terms.get(name)
        return term.name if term is not None else self._spelt.get(name, name)

    def related(self, name: str) -> list[str]:
        """Canonical names of what the vocabulary relates to ``name``."""
        term = self._terms.get(name)
        return [] if term is None else [self.canonical(other) for other in term.related]

    def spellings(self, name: str) -> list[str]:
        """The name, its aliases and its names in other languages."""
        term = self._terms.get(name)
        if term is None:
            return [self.shown(name)]
        return [term.name, *term.aliases, *term.translations]

    def texts(self, name: str) -> list[tuple[str, float]]:
        """The pseudo-document of a name: itself, its aliases and its definition, with weights. No
        names in other languages: where no story says them they would only thin it."""
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
        goes on with probability ``settings.walk`` at each step, stands at each.
        Weights sum to 1. So a reader of one topic is a reader of its field, and most of itself.
        """
        if name not in self._terms:
            return {name: 1.0}
        if name not in self._around:
            self._around[name] = self._walk(name)
        return self._around[name]

    def _walk(self, name: str) -> dict[str, float]:
        if self._links is None:
            self._links = self._linked()
        settings, at = self.settings, self._number[name]
        here = np.zeros(len(self._number))
        here[at] = 1.0
        reached = here.copy()
        for step in range(1, settings.steps + 1):
            here = self._links @ here
            reached += here * settings.walk**step
        near = np.minimum(reached, reached[at] * settings.beside)
        near[at] = reached[at]
        near[near < settings.least * near.sum()] = 0.0
        near /= near.sum()
        names = list(self._number)
        others = [other for other in np.flatnonzero(near).tolist() if other != at]
        return {name: float(near[at])} | {names[other]: float(near[other]) for other in others}

    def _linked(self) -> sp.csr_array:
        """Relations both ways, among names that the vocabulary holds: the probability of a step
        from one name (column) to another (row)."""
        pairs = {
            pair
            for name in self._terms
            for other in self.related(name)
            if other in self._terms and other != name
            for pair in ((name, other), (other, name))
        }
        rows = [self._number[to] for _, to in sorted(pairs)]
        columns = [self._number[origin] for origin, _ in sorted(pairs)]
        size = len(self._number)
        links = sp.csr_array((np.ones(len(rows)), (rows, columns)), shape=(size, size))
        ways = np.maximum(np.asarray(links.sum(axis=0)).ravel(), 1.0)
        return sp.csr_array(links @ sp.diags_array(1 / ways))
