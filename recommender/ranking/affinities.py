"""How near each story is to each single interest: a topic, a role, a story the reader answered.

Rows are made when first asked for and kept. An interest never sees the reader who has it, so a
row is the same whoever asks, in whatever order.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
import numpy.typing as npt

from recommender.ranking import words
from recommender.ranking.co_clicks import CoClicks
from recommender.ranking.features import Space
from recommender.ranking.interests import Interest, Kind, Rows
from recommender.ranking.latent import Latent
from recommender.ranking.popularity import Popularity
from recommender.ranking.settings import RankingSettings
from recommender.ranking.shared_words import SharedWords
from recommender.ranking.similarity import Similarity
from recommender.ranking.sources import Sources
from recommender.ranking.tastes import Tastes
from recommender.ranking.titles import Titles
from recommender.ranking.topic_texts import TopicTexts
from recommender.ranking.values import Story
from recommender.ranking.vocabulary_index import VocabularyIndex

Row = npt.NDArray[np.float64]
Tagged = dict[str, dict[int, float]]
KEPT_BYTES = 256_000_000
"""Memory for rows; past it all are dropped and made again when needed."""
ROWS_BYTES = 8_000_000
"""Memory for rows over the archive while they are made."""


@dataclass(frozen=True)
class Archive:
    """Every story ever published in the ``space`` of its words, those of them that are candidates,
    and what topics and roles are called."""

    space: Space
    stories: Sequence[Story]
    candidates: Sequence[Story]
    topics: VocabularyIndex
    roles: VocabularyIndex


class Affinities:
    """Interests × candidate stories, grown as interests are met. Values are ≥ 0; a story that is
    plainly about an interest has about 1."""

    def __init__(
        self,
        archive: Archive,
        settings: RankingSettings,
        co_clicks: Iterable[Sequence[str]] = (),
        others_roles: Sequence[Sequence[str]] = (),
    ) -> None:
        space, stories, candidates = archive.space, archive.stories, archive.candidates
        self.space = space
        self.settings = settings.affinity
        self.topics = topics = archive.topics
        self.roles = roles = archive.roles
        self._latent = Latent(space.vectors, space.labels, settings.latent)
        self._columns = np.array([space.row[story.id] for story in candidates], dtype=np.int64)
        self._titles = Titles.of(story.title for story in stories)
        self._by_topic = self._tagged(stories, "topics", self.topics)
        self._labels_of = [len(story.topics) for story in stories]
        self._by_role = self._tagged(stories, "roles", self.roles)
        co_clicks = list(co_clicks)
        others = CoClicks(co_clicks, space.row, settings.co_clicks)
        self.tastes = Tastes(others.matrix, stories, self._latent, settings.tastes, settings.metric)
        self._similarity = Similarity(
            space,
            self._latent,
            self._by_topic,
            others,
            settings.similarity,
            self.tastes,
        )
        self.sources = Sources(stories, others.matrix)
        self.popularity = Popularity(
            [[space.row[one] for one in liked if one in space.row] for liked in co_clicks],
            [list(map(roles.canonical, theirs)) for theirs in others_roles]
            or [[] for _ in co_clicks],
            stories,
            self._similarity.similar,
        )
        first = len(topics.all_names())
        self._of_topics = TopicTexts(topics, space, space.labels[:first])
        self._of_roles = TopicTexts(roles, space, space.labels[first:])
        self._shared_words = SharedWords(space, self._columns, self._of_topics, self._evident)
        self._order: list[Interest] = []
        self.rows: Mapping[Kind, Rows] = {kind: Rows(kind, self._order) for kind in get_args(Kind)}
        self._values = np.zeros((64, len(candidates)), dtype=np.float32)
        self._filled = 0
        self.made = 0
        """How often all rows were forgotten."""

    @property
    def values(self) -> npt.NDArray[np.float32]:
        """Rows × candidates; row ``rows[kind][name]`` belongs to that interest. Made now for the
        interests that are new."""
        if self._filled < len(self._order):
            self._fill(self._order[self._filled :])
        return self._values[: len(self._order)]

    def _fill(self, new: Sequence[Interest]) -> None:
        if len(self._order) > len(self._values):
            more = max(len(self._order) - len(self._values), len(self._values))
            room = np.zeros((more, len(self._columns)), dtype=np.float32)
            self._values = np.vstack([self._values, room])
        block = max(ROWS_BYTES // (8 * max(len(self._titles.starts), 1)), 1)
        for kind in dict.fromkeys(interest.kind for interest in new):
            of_kind = [interest for interest in new if interest.kind == kind]
            for start in range(0, len(of_kind), block):
                some = of_kind[start : start + block]
                for interest, row in zip(some, self._make(kind, some), strict=True):
                    # Rounded: the last bits, which depend on how sums were grouped, play no part.
                    values = np.round(self._level(interest, row[self._columns]), 6)
                    self._values[self.rows[kind][interest.name]] = values
        self._filled = len(self._order)

    def _level(self, interest: Interest, row: Row) -> Row:
        """A topic whose words are rarely said is lifted to where its fifth-best candidate is as
        near as that of any other, so that of two equal topics neither takes every place; a
        story that is plainly about it stays at 1."""
        if interest.kind != "topic" or len(row) < 5:
            return row
        fifth = max(float(np.partition(row, -5)[-5]), self.settings.weakest)
        lift = max(self.settings.fifth / fifth, 1.0)
        return np.where(row < 1, row * lift / (1 + row * (lift - 1)), row)

    def interest(self, index: int) -> Interest:
        """The interest that has row ``index``."""
        return self._order[index]

    @property
    def stated(self) -> npt.NDArray[np.bool_]:
        """Which rows are those of topics."""
        return np.array([interest.kind == "topic" for interest in self._order], dtype=bool)

    def trim(self) -> None:
        """Forget all rows once they fill more memory than they may; call between chunks."""
        if self._values.nbytes > KEPT_BYTES:
            for rows in self.rows.values():
                rows.clear()
            self._order.clear()
            self._filled = 0
            self._shared_words.forget()
            self.made += 1
            self._values = np.zeros((64, len(self._columns)), dtype=np.float32)

    def carriers(self, topic: str) -> npt.NDArray[np.bool_]:
        """Which candidates are about a topic so plainly that whoever muted it must not see them:
        those that carry it, name it in the title, or speak of it in nearly its own words."""
        tags = self._tags(self._by_topic.get(topic, {}), ())
        plainly = (tags >= self.settings.carried) | self._named(self.topics, topic)
        about: npt.NDArray[np.bool_] = plainly | (
            self._of_topics.direct([topic])[0] >= self.settings.muted
        )
        return about[self._columns]

    def told(
        self,
        topics: Sequence[str],
        which: npt.NDArray[np.int64],
        candidates: npt.NDArray[np.int64],
    ) -> npt.NDArray[np.int32]:
        """Why a candidate is near a topic, for pairs of topic ``topics[which[p]]`` and
        ``candidates[p]``: up to three terms (numbers of ``space.names``, NONE padded) that its
        text shares; none where it carries the topic or names it in its title."""
        return self._shared_words.of(topics, which, candidates)

    def _evident(self, topic: str) -> npt.NDArray[np.bool_]:
        """Which candidates carry a topic or name it in their titles."""
        evident = self._named(self.topics, topic)
        evident[list(self._by_topic.get(topic, {}))] = True
        found: npt.NDArray[np.bool_] = evident[self._columns]
        return found

    def _make(self, kind: Kind, interests: Sequence[Interest]) -> Iterable[Row]:
        """Rows over the whole archive, of interests of one kind."""
        if kind == "topic":
            return self._stated(self.topics, self._of_topics, self._by_topic, interests)
        if kind == "role":
            return self._stated(self.roles, self._of_roles, self._by_role, interests)
        return (self._single(interest) for interest in interests)

    def _single(self, interest: Interest) -> Row:
        if interest.kind == "fresh":
            return self.settings.anything * self.popularity.order
        if interest.kind == "liked":
            return self.settings.liked * self.popularity.liked(interest.name)
        if interest.kind == "crowd":
            return self.tastes.promise
        if interest.kind == "source":
            return self.sources.brought_by(interest.name)
        row = self.space.row[interest.name]
        learned = interest.kind == "learned"
        return self._similarity.learned(row) if learned else self._similarity.similar(row)

    def _stated(
        self,
        names: VocabularyIndex,
        topic_texts: TopicTexts,
        tagged: Tagged,
        interests: Sequence[Interest],
    ) -> Iterable[Row]:
        """The rows of stated topics, or of roles."""
        stated = [interest.name for interest in interests]
        texts = topic_texts.similarities(stated, self.settings.full_text)
        return (
            self._of_label(names, tagged, name, text)
            for name, text in zip(stated, texts, strict=True)
        )

    def _of_label(self, names: VocabularyIndex, tagged: Tagged, name: str, text: Row) -> Row:
        """A story's own label, the label's ``text``, and the other stories that carry the label,
        each with its weight as so many witnesses; a story is no witness for itself, so the more
        others carry the label, the more what they say counts."""
        trust = self.settings.tag if names is self.topics else self.settings.role_tag
        own = tagged.get(name, {})
        tags = self._tags(own, [tagged.get(other, {}) for other in names.related(name)])
        tags = np.maximum(tags, self.settings.named * self._named(names, name))
        count = trust + self.settings.text
        total = trust * tags + self.settings.text * text
        surely = {row: weight for row, weight in own.items() if weight >= self.settings.carried}
        if not surely:  # what a digest only hands down to a story is no witness
            return np.asarray(total / count)
        return self._lifted(self._witnessed(total, count, surely), own, names.known(name))

    def _witnessed(self, total: Row, count: float, own: dict[int, float]) -> Row:
        rows = np.array(sorted(own), dtype=np.int64)
        weights = np.array([own[row] for row in rows.tolist()])
        like = self._like_all(rows, weights)
        itself = np.zeros(len(total))
        itself[rows] = weights
        others = weights.sum() - itself
        like -= itself * (1 + self.settings.words) + others * self.settings.noise
        shares = (total + np.maximum(like, 0.0)) / (count + others)
        typical = float(shares[rows] @ weights / weights.sum())
        return np.asarray(shares / max(typical, 0.05) ** 0.5)

    def _lifted(self, found: Row, own: dict[int, float], known: bool) -> Row:
        """The row in which no story without the label stands before one that an editor labelled:
        of those, each that does is lifted to just above it."""
        trusted = [
            (row, weight)
            for row, weight in own.items()
            if weight >= self.settings.carried
            and self._labels_of[row] <= (self.settings.few_known if known else self.settings.few)
        ]
        if not trusted:
            return found
        bare = found.copy()
        bare[list(own)] = 0.0
        rows, weights = (np.array(part) for part in zip(*sorted(trusted), strict=True))
        least = weights * float(bare.max(initial=0.0)) + 0.01 * found[rows]
        found[rows] = np.maximum(found[rows], least)
        return found

    def _like_all(self, rows: npt.NDArray[np.int64], weights: Row) -> Row:
        """Summed likeness (latent, and by words) of every story to the given ones."""
        centre = weights @ self._latent.points[rows]
        summed = self.space.vectors[rows].T @ weights
        words: Row = self.space.vectors @ summed
        if not self._latent.points.shape[1]:
            return words * (1 + self.settings.words)
        near: Row = self._latent.points @ centre
        return near + self.settings.words * words

    def _tags(self, own: dict[int, float], related: Iterable[dict[int, float]]) -> Row:
        """How far each story carries a label, or one related to it."""
        affinity = np.zeros(len(self._titles.starts))
        for tagged in related:
            for row, weight in tagged.items():
                affinity[row] = max(affinity[row], self.settings.related * weight)
        for row, weight in own.items():
            affinity[row] = max(affinity[row], weight)
        return affinity

    def _named(self, names: VocabularyIndex, name: str) -> npt.NDArray[np.bool_]:
        spelt = (words.tokens(text) for text in names.spellings(name))
        return self._titles.naming([spelling for spelling in spelt if spelling])

    def _tagged(self, stories: Sequence[Story], field: str, names: VocabularyIndex) -> Tagged:
        rows_of: Tagged = {}
        for row, story in enumerate(stories):
            for name, weight in getattr(story, field).items():
                rows = rows_of.setdefault(names.canonical(name), {})
                rows[row] = max(rows.get(row, 0.0), weight)
        return rows_of
