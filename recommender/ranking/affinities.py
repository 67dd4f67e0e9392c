"""How near each story is to each single interest: a topic, a role, a story the reader answered.

Rows are made when first asked for and kept. An interest never sees the reader who has it, so a
row is the same whoever asks, in whatever order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommender.ranking import features, words
from recommender.ranking.features import Space
from recommender.ranking.values import Story, Term, Vocabulary

Kind = Literal["topic", "text", "role", "history", "fresh"]
Row = npt.NDArray[np.float64]
CARRIED = 0.5
"""Weight from which a topic is a story's own, not just its digest's."""
RELATED = 0.3
"""What a story's topic is worth to a reader who named one related to it."""
LIKE = 0.35
"""Cosine between a topic's definition and a story from which the words alone are a full match."""
ANYTHING = 0.1
"""Score, before freshness, of every story for a reader of whom nothing is known."""
FEEDBACK = 0.5
"""Weight of the stories that carry a topic in the text that stands for it (pseudo-relevance
feedback: Rocchio, with the archive's tagged stories in place of judged ones)."""


@dataclass(frozen=True)
class Interest:
    """One thing a score can be due to. ``name`` is folded; for history it is a story's id. The
    interest ``fresh`` stands for a reader of whom nothing is known: any story will do."""

    kind: Kind
    name: str


class Affinities:
    """Interests × candidate stories, grown as interests are met. Values lie in [0, 1]."""

    def __init__(
        self, space: Space, stories: Sequence[Story], candidates: Sequence[Story],
        vocabulary: Vocabulary,
    ) -> None:
        self.space = space
        self.topics = _Names(vocabulary.topics)
        self.roles = _Names(vocabulary.roles)
        self._columns = np.array([space.row[story.id] for story in candidates], dtype=np.int64)
        self._titles = [f" {' '.join(words.tokens(story.title))} " for story in candidates]
        self._candidates = sp.csr_array(space.vectors[self._columns])
        self._by_topic = self._tagged(stories, "topics", self.topics)
        self._by_role = self._tagged(stories, "roles", self.roles)
        self._rows: dict[Interest, int] = {}
        self._order: list[Interest] = []
        self._values = np.zeros((64, len(candidates)), dtype=np.float32)

    def index(self, interest: Interest) -> int:
        """The number of an interest's row; made now if it is new."""
        found = self._rows.get(interest)
        if found is None:
            found = self._rows[interest] = len(self._rows)
            self._order.append(interest)
            if found >= len(self._values):
                self._values = np.vstack([self._values, np.zeros_like(self._values)])
            # Rounded so that the last bits, which depend on how sums were grouped, play no part.
            self._values[found] = np.round(self._make(interest), 6)
        return found

    def interest(self, index: int) -> Interest:
        """The interest that has row ``index``."""
        return self._order[index]

    @property
    def values(self) -> npt.NDArray[np.float32]:
        """Rows × candidates; row i belongs to the interest whose ``index`` is i."""
        return self._values[: len(self._rows)]

    def _make(self, interest: Interest) -> Row:
        if interest.kind == "fresh":
            return np.full(len(self._columns), ANYTHING)
        if interest.kind == "topic":
            return self._tags(self._by_topic, self.topics, interest.name)[self._columns]
        if interest.kind == "text":
            return self._text(self.topics, self._by_topic, interest.name)
        if interest.kind == "role":
            tagged = self._tags(self._by_role, self.roles, interest.name)[self._columns]
            return np.maximum(tagged, 0.5 * self._text(self.roles, self._by_role, interest.name))
        story = self.space.vectors[[self.space.row[interest.name]]]
        return self._cosines(story)

    def _tags(self, tagged: dict[str, dict[int, float]], names: "_Names", name: str) -> Row:
        """How far each story of the archive carries the topic (or role) or one related to it."""
        found = np.zeros(self.space.vectors.shape[0])
        related = [(other, RELATED) for other in names.related(name)]
        for other, share in [*related, (name, 1.0)]:
            for row, weight in tagged.get(other, {}).items():
                found[row] = max(found[row], share * weight)
        return found

    def _text(self, names: "_Names", tagged: dict[str, dict[int, float]], name: str) -> Row:
        query = self.space.vector(names.texts(name))
        examples = sorted(row for row, weight in tagged.get(name, {}).items() if weight >= 0.5)
        if examples:
            mean = self.space.vectors[examples].sum(axis=0)
            centre = features.normalised(sp.csr_array(mean.reshape(1, -1)))
            query = features.normalised(sp.csr_array(query + FEEDBACK * centre))
        return np.minimum(self._cosines(query) / LIKE, 1.0)

    def _cosines(self, query: sp.csr_array) -> Row:
        product: Row = (self._candidates @ query.T).toarray().ravel()
        return product

    def _tagged(
        self, stories: Sequence[Story], field: str, names: "_Names"
    ) -> dict[str, dict[int, float]]:
        found: dict[str, dict[int, float]] = {}
        for story in stories:
            for name, weight in getattr(story, field).items():
                rows = found.setdefault(names.canonical(name), {})
                row = self.space.row[story.id]
                rows[row] = max(rows.get(row, 0.0), weight)
        return found

    def carriers(self, topic: str) -> npt.NDArray[np.bool_]:
        """Which candidates are about a topic so plainly that whoever muted it must not see them:
        those that carry it, name it in the title, or speak of it in nearly its own words."""
        tagged = np.zeros(len(self._columns))
        own = self._by_topic.get(topic, {})
        at = {row: column for column, row in enumerate(self._columns.tolist())}
        for row, weight in own.items():
            if row in at:
                tagged[at[row]] = weight
        return (tagged >= CARRIED) | self._named(topic) | (self._text(self.topics, {}, topic) >= 0.9)

    def _named(self, topic: str) -> npt.NDArray[np.bool_]:
        spellings = [words.tokens(text) for text in self.topics.spellings(topic)]
        wanted = [f" {' '.join(found)} " for found in spellings if found]
        return np.array([any(name in title for name in wanted) for title in self._titles], dtype=bool)

    def words(self, topic: str, candidate: int, most: int = 3) -> str:
        """The words a topic's text and a candidate have in common, weightiest first."""
        query = self.space.vector(self.topics.texts(topic))
        shared = sp.csr_array(self._candidates[[candidate]].multiply(query))
        best = sorted(zip(-shared.data, shared.indices, strict=True))[:most]
        return ", ".join(self.space.names[column] for _, column in best)


class _Names:
    """Names of topics or roles, with their aliases: what a name stands for, and in which words."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self._terms: dict[str, Term] = {}
        self._canonical: dict[str, str] = {}
        for term in terms:
            self._terms.setdefault(words.fold(term.name), term)
        for term in self._terms.values():
            for alias in term.aliases:
                folded = words.fold(alias)
                if folded not in self._terms:
                    self._canonical.setdefault(folded, words.fold(term.name))

    def canonical(self, name: str) -> str:
        folded = words.fold(name)
        return self._canonical.get(folded, folded)

    def shown(self, name: str) -> str:
        """The canonical name as the vocabulary writes it."""
        term = self._terms.get(name)
        return term.name if term is not None else name

    def spellings(self, name: str) -> list[str]:
        term = self._terms.get(name)
        return [name] if term is None else [term.name, *term.aliases]

    def related(self, name: str) -> list[str]:
        term = self._terms.get(name)
        return [] if term is None else [self.canonical(other) for other in term.related]

    def texts(self, name: str) -> list[tuple[str, float]]:
        """A topic as a document: its name, aliases and definition, with weights."""
        term = self._terms.get(name)
        if term is None:
            return [(name, 3.0)]
        aliases = [(alias, 2.0) for alias in term.aliases]
        return [(term.name, 3.0), *aliases, (term.definition, 1.0)]
