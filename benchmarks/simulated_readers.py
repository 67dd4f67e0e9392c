"""The readers of a simulated year, and what they have to read: hidden tastes, and by what chance a
reader looks at a story, reads it and answers. Known to the simulation and never to the ranker.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, TypedDict

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from recommender.articles.values import ArticleDraft

START = datetime(2025, 1, 2, 8, tzinfo=UTC)
CLUSTERS = 24
ETA, LIKED, BASE = 0.7, 0.6, 0.02
"""Looks fall like position^-ETA; of what is liked without reserve so much is read, and of all."""
MORE, LESS = 0.35, 0.05
"""Of what they would read so much is answered "more"; of what they look at and do not like,
"less"."""
DRIFT = 0.03
"""So likely it is that what a reader likes most is another field next week."""
CLASSES = {
    "states all topics": 0.35, "states one topic": 0.25, "states another topic": 0.1,
    "states nothing": 0.2, "one narrow taste": 0.1,
}  # fmt: skip
Numbers = npt.NDArray[np.float64]


class Row(TypedDict):
    """A story of the stream."""

    title: str
    summary: str
    topics: list[str]


@dataclass(frozen=True)
class Stream:
    """The stories of the weeks, what each is about (``about``: story key → share of each hidden
    field), and a topic by which each field may be named."""

    weeks: Sequence[Sequence[ArticleDraft]]
    about: Mapping[str, Numbers]
    names: Sequence[str]


def stream(folder: Path | None, weeks: int, stories: int, draws: np.random.Generator) -> Stream:
    rows = made(weeks * stories, draws) if folder is None else read(folder)
    order = draws.permutation(len(rows))[: weeks * stories]
    rows = [rows[at] for at in order]
    words = [f"{row['title']} {row['summary']} {' '.join(row['topics'])}" for row in rows]
    vectors = TfidfVectorizer(stop_words="english", min_df=2, sublinear_tf=True).fit_transform(
        words
    )
    points = normalize(TruncatedSVD(60, random_state=1).fit_transform(vectors))
    fitted = KMeans(CLUSTERS, n_init=3, random_state=1).fit(points)
    near = np.exp(8 * points @ normalize(fitted.cluster_centers_).T)
    shares = near / near.sum(axis=1, keepdims=True)
    names = []
    for cluster in range(CLUSTERS):
        count: dict[str, float] = {}
        for row, share in zip(rows, shares, strict=True):
            for topic in row["topics"]:
                count[topic] = count.get(topic, 0) + share[cluster] - 1 / CLUSTERS
        count = {topic: value for topic, value in count.items() if topic not in names}
        names.append(max(count, key=lambda topic: (count[topic], topic)))
    drafts = [
        ArticleDraft(
            key=f"s{at}", title=row["title"], summary=row["summary"], topics=tuple(row["topics"]),
            url=f"https://stories.example.org/{at}", source=f"source {at % 9}",
            published_at=START + timedelta(weeks=at // stories, hours=-1 - at % 150),
        )
        for at, row in enumerate(rows)
    ]  # fmt: skip
    found = [drafts[week * stories : (week + 1) * stories] for week in range(weeks)]
    return Stream(found, {f"s{at}": shares[at] for at in range(len(rows))}, names)


def read(folder: Path) -> list[Row]:
    """Articles with text of a folder's articles.jsonl."""
    lines = (folder / "articles.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [
        {"title": row["title"], "summary": row["summary"], "topics": row.get("topics") or []}
        for row in rows
        if row.get("summary")
    ]


def made(number: int, draws: np.random.Generator) -> list[Row]:
    """Stories of made words: each field has its own, and all have some in common."""
    syllables = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
    lexicon = ["".join(draws.choice(syllables, 3)) for _ in range(CLUSTERS * 40 + 400)]
    rows: list[Row] = []
    for _ in range(number):
        field_ = int(draws.integers(CLUSTERS))
        own = draws.choice(lexicon[field_ * 40 : field_ * 40 + 40], 14)
        text = [*own, *draws.choice(lexicon[-400:], 26)]
        draws.shuffle(text)
        topics = [lexicon[field_ * 40]] if draws.random() < 0.7 else []
        rows.append({"title": " ".join(own[:4]), "summary": " ".join(text), "topics": topics})
    return rows


@dataclass
class Readers:
    """Who reads: hidden ``tastes`` (readers × fields), how ``eager`` each is, and their class."""

    tastes: Numbers
    eager: Numbers
    classes: Sequence[str]
    stated: Sequence[Mapping[str, float]]

    def drift(self, draws: np.random.Generator) -> None:
        """Let a week pass."""
        drifted(self.tastes, draws)


def drifted(tastes: Numbers, draws: np.random.Generator) -> None:
    """Turn some rows of ``tastes``, in place, from what is liked most to another field."""
    turned = np.flatnonzero(draws.random(len(tastes)) < DRIFT)
    old, new = tastes[turned].argmax(axis=1), draws.integers(CLUSTERS, size=len(turned))
    tastes[turned, old], tastes[turned, new] = tastes[turned, new], tastes[turned, old]


def stated_fields(kind: str) -> int:
    """How many fields a reader of a class states."""
    return {"states all topics": 3, "states nothing": 0}.get(kind, 1)


def taste(kind: str, told: Sequence[int], draws: np.random.Generator) -> Numbers:
    """A taste of a class, for who states the fields ``told``."""
    number = 1 if kind == "one narrow taste" else 3
    own = [] if kind == "states another topic" else list(told)
    others = [at for at in range(CLUSTERS) if at not in told]
    liked = [*own, *draws.choice(others, number - len(own), replace=False).tolist()]
    found = np.zeros(CLUSTERS)
    found[liked] = draws.uniform(0.5, 1.0, number)
    return found


def readers(number: int, names: Sequence[str], draws: np.random.Generator) -> Readers:
    """So many readers of all classes; ``names`` are the topics by which fields are named."""
    kinds = [str(one) for one in draws.choice(list(CLASSES), number, p=list(CLASSES.values()))]
    told = [draws.choice(CLUSTERS, stated_fields(kind), replace=False).tolist() for kind in kinds]
    tastes = [taste(kind, fields, draws) for kind, fields in zip(kinds, told, strict=True)]
    stated = [{names[at]: 2.0 for at in fields} for fields in told]
    return Readers(np.array(tastes), draws.beta(4, 2, number), kinds, stated)


class Chances(NamedTuple):
    """How likely a reader, and each story of an issue (first axis), is read and is answered "more";
    and "less" where "more" is not."""

    read: Numbers
    more: Numbers
    less: Numbers


def chances(liking: Numbers, eager: float) -> Chances:
    """Of the stories of an issue in their order, given how far each is liked (0 to 1; more axes
    may follow the first)."""
    places = np.arange(1, len(liking) + 1, dtype=np.float64)
    looked = (places**-ETA * eager).reshape(-1, *[1] * (liking.ndim - 1))
    read = looked * (BASE + LIKED * liking)
    return Chances(read, read * MORE, looked * LESS * (1 - liking))


class Answers(NamedTuple):
    """Which stories of an issue a reader read, and answered with "more" and with "less"."""

    read: npt.NDArray[np.bool_]
    more: npt.NDArray[np.bool_]
    less: npt.NDArray[np.bool_]


def answers(likely: Chances, draws: np.random.Generator) -> Answers:
    """What becomes of an issue."""
    chance = draws.random((3, len(likely.read)))
    more = chance[1] < likely.more
    return Answers(chance[0] < likely.read, more, ~more & (chance[2] < likely.less))
