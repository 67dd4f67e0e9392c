"""What anyone would try first: the recipes our ranking has to beat, each in a few plain lines.

Every recipe scores all candidates for one reader from the same profile, text and topics that our
ranker gets. None sees what the reader kept.
"""

import hashlib
import warnings
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.svm import LinearSVC

from recommender.ranking.values import Reader, Story

Scores = npt.NDArray[np.float64]
K1, B = 1.2, 0.75
"""BM25's usual constants (Robertson and Zaragoza 2009)."""


class Baselines:
    """The recipes over one set of candidates."""

    def __init__(self, candidates: Sequence[Story], seed: int = 0) -> None:
        self._seed = seed
        self._candidates = candidates
        self._at = {story.id: at for at, story in enumerate(candidates)}
        texts = [_text(story) for story in candidates]
        self._tfidf = TfidfVectorizer(stop_words="english", sublinear_tf=True)
        self._tfidf.fit([*texts, "newsletter"])  # never without a single word
        self._vectors = sp.csr_matrix(self._tfidf.transform(texts))
        self._counter = CountVectorizer(stop_words="english", vocabulary=self._tfidf.vocabulary_)
        self._bm25 = _bm25(sp.csr_matrix(self._counter.transform(texts)))
        newest = [
            story.published_at.timestamp() if story.published_at else 0.0 for story in candidates
        ]
        self._dates: Scores = np.array(newest)
        self._topics = [{topic.casefold() for topic in story.topics} for story in candidates]

    @property
    def all(self) -> dict[str, Callable[[Reader], Scores]]:
        """Every recipe by its name."""
        return {
            "random": self.random,
            "newest": self.newest,
            "topic overlap": self.topic_overlap,
            "mean TF-IDF": self.mean_tfidf,
            "BM25": self.bm25,
            "linear SVM": self.linear_svm,
        }

    def random(self, reader: Reader) -> Scores:
        """Chance, the same for a reader on every run."""
        text = f"{self._seed}/{reader.id}".encode("utf-8", "surrogatepass")
        seed = int.from_bytes(hashlib.sha256(text).digest()[:8], "big")
        return np.random.default_rng(seed).random(len(self._candidates))

    def newest(self, reader: Reader) -> Scores:
        """The latest first."""
        return self._dates

    def topic_overlap(self, reader: Reader) -> Scores:
        """Summed weight of the topics a story shares with the reader's, clicked ones included."""
        wanted = {topic.casefold(): weight for topic, weight in reader.topics.items()}
        for at in self._clicked(reader):
            for topic in self._topics[at]:
                wanted[topic] = wanted.get(topic, 0.0) + 1.0
        return np.array([sum(wanted.get(t, 0.0) for t in topics) for topics in self._topics])

    def mean_tfidf(self, reader: Reader) -> Scores:
        """Cosine with the mean of the clicked stories and the stated topics' words."""
        return np.asarray((self._vectors @ self._profile(reader).T).todense()).ravel()

    def bm25(self, reader: Reader) -> Scores:
        """BM25 with stated topics, roles and clicked titles as the query."""
        titles = [self._candidates[at].title for at in self._clicked(reader)]
        words = " ".join([*_stated(reader), *titles])
        return np.asarray((self._bm25 @ self._counter.transform([words]).T).todense()).ravel()

    def linear_svm(self, reader: Reader) -> Scores:
        """A linear SVM for each reader: clicked stories, and the stated topics as one more,
        against all others."""
        clicked = self._clicked(reader)
        rows, label = self._vectors, np.zeros(len(self._candidates))
        label[clicked] = 1
        if words := _stated(reader):
            rows = sp.vstack([rows, self._tfidf.transform([" ".join(words)])], format="csr")
            label = np.append(label, 1)
        if not label.any() or label.all():
            return np.zeros(len(self._candidates))
        model = LinearSVC(C=0.1, class_weight="balanced", random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(rows, label)
        found: Scores = model.decision_function(self._vectors)
        return found

    def _clicked(self, reader: Reader) -> list[int]:
        liked = (action.story for action in reader.history if action.kind in {"click", "more"})
        return [self._at[story] for story in liked if story in self._at]

    def _profile(self, reader: Reader) -> sp.csr_matrix:
        rows = [self._vectors[self._clicked(reader)]]
        if words := _stated(reader):
            rows.append(self._tfidf.transform([" ".join(words)]))
        stacked = sp.vstack(rows)
        return sp.csr_matrix(stacked.sum(axis=0) / max(stacked.shape[0], 1))


def _stated(reader: Reader) -> list[str]:
    return [topic for topic, weight in reader.topics.items() if weight > 0] + list(reader.roles)


def _text(story: Story) -> str:
    parts = [story.title, story.summary, story.takeaway, story.body, *story.insights]
    return " ".join([*parts, *story.principles, *story.practice, *story.topics, *story.roles])


def _bm25(counts: sp.csr_matrix) -> sp.csr_matrix:
    """Documents × terms, so that a product with a query's counts is its BM25 score."""
    length = np.asarray(counts.sum(axis=1)).ravel()
    documents = np.bincount(counts.indices, minlength=counts.shape[1])
    idf = np.log1p((counts.shape[0] - documents + 0.5) / (documents + 0.5))
    found = counts.astype(np.float64)
    per_entry = np.repeat(
        K1 * (1 - B + B * length / max(length.mean(), 1e-9)), np.diff(found.indptr)
    )
    found.data = idf[found.indices] * found.data * (K1 + 1) / (found.data + per_entry)
    return found
