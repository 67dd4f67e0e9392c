"""Metrics of one reader's list, each tested against values worked out by hand.

``ranked`` is a list of article ids, best first, each once; ``grades`` maps the articles the
reader kept to how much (0 counts as not kept).
"""

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import numpy.typing as npt

SMOOTHING = 0.01
"""α of Steck, Calibrated Recommendations (RecSys 2018)."""


def ndcg(ranked: Sequence[str], grades: Mapping[str, float], k: int) -> float:
    """Normalised discounted cumulative gain at ``k``: Σ (2^grade − 1) / log2(1 + rank), over the
    same sum for the best possible order (Järvelin and Kekäläinen, TOIS 2002; the gain of Burges
    et al., ICML 2005). 0 when nothing was kept."""
    ideal = sorted((grade for grade in grades.values() if grade > 0), reverse=True)
    best = _dcg(ideal[:k])
    return _dcg([grades.get(article, 0.0) for article in ranked[:k]]) / best if best else 0.0


def _dcg(grades: Sequence[float]) -> float:
    return sum((2**grade - 1) / math.log2(rank + 1) for rank, grade in enumerate(grades, 1))


def reciprocal_rank(ranked: Sequence[str], grades: Mapping[str, float]) -> float:
    """1 / rank of the first article that was kept; 0 when none is listed."""
    for rank, article in enumerate(ranked, 1):
        if grades.get(article, 0.0) > 0:
            return 1 / rank
    return 0.0


def recall(ranked: Sequence[str], grades: Mapping[str, float], k: int) -> float:
    """Share of the kept articles that stand among the first ``k``."""
    kept = {article for article, grade in grades.items() if grade > 0}
    return len(kept & set(ranked[:k])) / len(kept) if kept else 0.0


def diversity(vectors: npt.NDArray[np.float64]) -> float:
    """Intra-list diversity: mean of 1 − cosine over all pairs (Ziegler et al., WWW 2005).

    ``vectors``: list × terms, rows of length 1. NaN for fewer than two.
    """
    size = len(vectors)
    if size < 2:
        return math.nan
    summed = vectors.sum(axis=0)
    alike = float(summed @ summed) - float((vectors * vectors).sum())
    return 1 - alike / (size * (size - 1))


def calibration(stated: Mapping[str, float], listed: Sequence[Collection[str]]) -> float:
    """Miscalibration: KL(stated ‖ list) in nats (Steck 2018); 0 is perfect.

    ``stated`` holds weights of topics, ``listed`` each story's topics; a story counts for the
    stated topics it has, in equal parts. NaN when nothing is stated.
    """
    total = sum(weight for weight in stated.values() if weight > 0)
    if total <= 0:
        return math.nan
    found = dict.fromkeys(stated, 0.0)
    for topics in listed:
        shared = [topic for topic in topics if stated.get(topic, 0.0) > 0]
        for topic in shared:
            found[topic] += 1 / len(shared)
    mass = sum(found.values()) or 1.0
    result = 0.0
    for topic, weight in stated.items():
        if weight > 0:
            p = weight / total
            q = (1 - SMOOTHING) * found[topic] / mass + SMOOTHING * p
            result += p * math.log(p / q)
    return result


def novelty(ranked: Sequence[str], readers_of: Mapping[str, int], readers: int) -> float:
    """Mean self-information −log2 of the share of readers who know an article (Zhou et al., PNAS
    2010), add-one smoothed. NaN for an empty list."""
    if not ranked:
        return math.nan
    known = [(readers_of.get(article, 0) + 1) / (readers + 1) for article in ranked]
    return -sum(map(math.log2, known)) / len(ranked)


def repeats(ranked: Sequence[str], seen: Collection[str]) -> float:
    """Share of a list that its reader had before; 0 for an empty one."""
    return sum(article in seen for article in ranked) / len(ranked) if ranked else 0.0


def coverage(lists: Sequence[Sequence[str]], articles: int) -> float:
    """Share of all articles that stand in at least one list."""
    return len({article for ranked in lists for article in ranked}) / articles if articles else 0.0
