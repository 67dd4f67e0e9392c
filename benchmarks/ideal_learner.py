"""The ceiling of a simulated year: what a learner would reach that knows all but a reader's tastes.

It knows the fields of every story, what each topic names, how eager a reader is, and by what
chances tastes are given, drift and show in answers (``simulated_readers.py``); from what a reader
stated and answered it infers their tastes by Bayes' rule (a particle filter: Gordon, Salmond and
Smith, IEE Proceedings F, 1993), and sends the unseen stories that they will probably like best, in
that order, without any other rule of an issue. It looks no further than the next issue, so to
explore it lacks what might bring a little more. No ranker knows as much: what it does not reach,
the answers do not tell.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from benchmarks.simulated_readers import (
    CLASSES,
    CLUSTERS,
    START,
    Answers,
    Numbers,
    Readers,
    Stream,
    answers,
    chances,
    drifted,
    stated_fields,
    taste,
)

PARTICLES = 2_000
NEVER = 1e-12


def year(
    given: Stream, who: Readers, seed: int, *, horizon: int, top: int, clicks: bool, answer: bool
) -> Numbers:
    """Clicks that are to be expected of each reader and issue (readers × weeks) of ``top`` stories
    of the last ``horizon`` days, where ``clicks`` are seen, or "more" and "less" alone, or without
    ``answer`` nothing."""
    draws, turns = np.random.default_rng([seed, 9]), np.random.default_rng([seed, 8])
    who = replace(who, tastes=who.tastes.copy())
    beliefs = [_prior(list(stated), given.names, draws) for stated in who.stated]
    seen: list[set[str]] = [set() for _ in beliefs]
    expected = np.zeros((len(beliefs), len(given.weeks)))
    for week in range(len(given.weeks)):
        oldest = START + timedelta(weeks=week, days=-horizon)
        stories = [
            one.key
            for stories in given.weeks[: week + 1]
            for one in stories
            if one.published_at is not None and one.published_at >= oldest
        ]
        about = np.array([given.about[key] for key in stories])
        for reader, belief in enumerate(beliefs):
            unseen = [at for at, key in enumerate(stories) if key not in seen[reader]]
            liked = np.minimum(about[unseen] @ belief.T, 1.0).mean(axis=1)
            issue = [unseen[at] for at in np.argsort(-liked, kind="stable")[:top]]
            seen[reader].update(stories[at] for at in issue)
            truly = np.minimum(about[issue] @ who.tastes[reader], 1.0)
            likely = chances(truly, who.eager[reader])
            expected[reader, week] = likely.read.sum()
            found = answers(likely, draws)
            if answer:
                likeliest = chances(np.minimum(about[issue] @ belief.T, 1.0), who.eager[reader])
                weights = _likelihood(likeliest, found, clicks=clicks)
                beliefs[reader] = belief[_resampled(weights, draws)]
            drifted(beliefs[reader], draws)
        who.drift(turns)
    return expected


def _likelihood(likely: Sequence[Numbers], found: Answers, *, clicks: bool) -> Numbers:
    """How probable what was ``found`` is for each particle (up to a factor), and what was not."""
    read, more, less = likely
    log = np.log(np.where(found.more[:, None], more, 1 - more))
    silent = ~found.more[:, None]
    log += silent * np.log(np.where(found.less[:, None], less + NEVER, 1 - less))
    if clicks:
        log += np.log(np.where(found.read[:, None], read, 1 - read))
    total = log.sum(axis=0)
    return np.asarray(np.exp(total - total.max()))


def _resampled(weights: Numbers, draws: np.random.Generator) -> npt.NDArray[np.int64]:
    """Particles by their weights (systematic resampling)."""
    at = (np.arange(len(weights)) + draws.random()) / len(weights)
    chosen = np.searchsorted(np.cumsum(weights / weights.sum()), at)
    return np.asarray(np.minimum(chosen, len(weights) - 1))


def _prior(stated: Sequence[str], names: Sequence[str], draws: np.random.Generator) -> Numbers:
    """Tastes (particles × fields) as likely as they are for who states these topics."""
    told = [names.index(name) for name in stated]
    fitting = {kind: share for kind, share in CLASSES.items() if stated_fields(kind) == len(told)}
    shares = np.array(list(fitting.values())) / sum(fitting.values())
    found = np.zeros((PARTICLES, CLUSTERS))
    for row, kind in enumerate(draws.choice(list(fitting), PARTICLES, p=shares)):
        found[row] = taste(str(kind), told, draws)
    return found
