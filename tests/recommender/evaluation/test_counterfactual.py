"""What other lists would have brought, compared with what is known because it was made up."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from recommender.evaluation import counterfactual
from recommender.evaluation.counterfactual import Lists, Numbers, SentPicks
from recommender.ranking import place_variation

TOP, STORIES, ETA = 5, 9, 0.7


@dataclass(frozen=True)
class World:
    """Readers whose interest in each story is known, and what was sent to them: the first four
    stories by a guess at it, one at the end drawn from the rest, neighbours exchanged at times."""

    interest: Numbers
    sent: SentPicks
    guess: Numbers


def world(seed: int, readers: int, *, vary: float = 0.5, weeks: int = 2) -> World:
    draws = np.random.default_rng(seed)
    interest = np.repeat(draws.beta(1, 3, (readers, STORIES)), weeks, axis=0)
    copies = len(interest)
    guess = interest + draws.normal(0, 0.15, interest.shape)
    order = np.argsort(-guess, axis=1)
    last = order[np.arange(copies), TOP - 1 + draws.integers(0, STORIES - TOP + 1, copies)]
    by_rank = np.concatenate([order[:, : TOP - 1], last[:, None]], axis=1)
    pairs = np.tile(np.arange(TOP - 1) < TOP - 2, (copies, 1))
    chances = [(a, b) for a, b in draws.random((copies, 2)).tolist()]
    varied = place_variation.vary(pairs, vary, chances)
    stories = np.take_along_axis(by_rank, varied.order, axis=1)
    places = np.zeros((copies, TOP, TOP))
    for at in range(TOP):
        for move in (-1, 0, 1):
            rank = at - varied.moved[:, at]
            column = np.clip(rank + move, 0, TOP - 1)
            places[np.arange(copies), at, column] += varied.moves[:, at, move + 1]
    seen = counterfactual.looks(TOP, ETA)
    likely = np.take_along_axis(interest, stories, axis=1) * seen
    propensities = np.ones((copies, TOP))
    propensities[:, -1] = 1 / (STORIES - TOP + 1)
    sent = SentPicks(
        copies=np.repeat(np.arange(copies), TOP),
        stories=stories.ravel(),
        positions=np.tile(np.arange(1, TOP + 1), copies),
        propensities=propensities.ravel(),
        places=places.reshape(-1, TOP),
        answered=(draws.random(likely.shape) < likely).astype(float).ravel(),
        readers=np.repeat(np.arange(readers), weeks),
    )
    return World(interest, sent, guess)


def lists(stories: Any, propensities: Any = None) -> Lists:
    copies, top = stories.shape
    return Lists(
        np.repeat(np.arange(copies), top),
        stories.ravel(),
        np.tile(np.arange(1, top + 1), copies),
        np.ones(stories.size) if propensities is None else propensities.ravel(),
    )


def worst_first(made: World) -> Lists:
    """What was sent by rank, the other way round: at its end what had stood first."""
    return lists(np.argsort(-made.guess, axis=1)[:, : TOP - 1][:, ::-1])


def truth(made: World, asked: Lists) -> float:
    seen = counterfactual.looks(TOP, ETA)[asked.positions - 1]
    brought = made.interest[asked.copies, asked.stories] * seen
    return float(brought.sum() / len(made.interest))


def test_what_a_place_is_worth_is_told_from_stories_that_changed_places() -> None:
    found = [counterfactual.bias(world(seed, 2_000).sent) for seed in range(12)]
    assert all(one.told and one.low < one.eta < one.high for one in found)
    assert sum(one.low <= ETA <= one.high for one in found) >= 10
    assert np.mean([one.eta for one in found]) == pytest.approx(ETA, abs=0.06)


def test_without_changes_of_places_what_they_are_worth_is_not_told() -> None:
    bias = counterfactual.bias(world(1, 500, vary=0.0).sent)
    assert (bias.told, bias.each) == (False, counterfactual.UNTOLD)


def test_what_other_lists_bring_is_unbiased_and_within_its_interval() -> None:
    errors, held = [], 0
    for seed in range(25):
        made = world(seed, 600)
        asked = worst_first(made)
        worth = counterfactual.worth(made.sent, asked, ETA)
        true = truth(made, asked)
        errors.append(worth.value.mean - true)
        held += worth.value.low <= true <= worth.value.high
        assert worth.known == pytest.approx(1, abs=0.05)
    assert abs(np.mean(errors)) < 2.5 * np.std(errors) / np.sqrt(len(errors))
    assert held >= 21


def test_stories_drawn_to_explore_tell_of_all_they_were_drawn_from() -> None:
    errors = []
    for seed in range(25):
        made = world(seed, 600)
        below = np.argsort(-made.guess, axis=1)[:, TOP - 1 : TOP + 1]
        asked = lists(below)
        worth = counterfactual.worth(made.sent, asked, ETA, clip=1_000)
        errors.append(worth.value.mean - truth(made, asked))
    assert abs(np.mean(errors)) < 2.5 * np.std(errors) / np.sqrt(len(errors))


def test_the_same_lists_bring_what_was_sent() -> None:
    made = world(3, 400, vary=0.0)
    sent = made.sent
    same = Lists(sent.copies, sent.stories, sent.positions, sent.propensities)
    worth = counterfactual.worth(made.sent, same, ETA, clip=1.0)
    assert worth.value.mean == pytest.approx(made.sent.answered.sum() / len(made.interest))
    assert worth.verdict == "undecided"


def test_a_better_order_of_what_was_sent_is_found_to_be_better() -> None:
    made = world(4, 1_500, vary=0.0)
    sent = made.sent.stories.reshape(-1, TOP)
    known = np.take_along_axis(made.interest, sent, axis=1)
    found = {}
    for name, order in (("best", np.argsort(-known)), ("worst", np.argsort(known))):
        drawn = made.sent.propensities.reshape(-1, TOP)
        asked = lists(*(np.take_along_axis(of, order, axis=1) for of in (sent, drawn)))
        found[name] = counterfactual.worth(made.sent, asked, ETA).verdict
    assert found == {"best": "better", "worst": "worse"}


def test_lists_of_what_was_never_sent_decide_nothing() -> None:
    made = world(5, 300, vary=0.0)
    worth = counterfactual.worth(made.sent, lists(np.full((600, TOP), STORIES + 3)), ETA)
    assert (worth.verdict, worth.known) == ("undecided", 0.0)
