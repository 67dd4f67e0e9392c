"""Two lists made one: fair to both, and within the rules of a list."""

import itertools
import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from recommender.ranking.team_draft import Candidate, Drafted, draft

LISTS = st.lists(st.integers(0, 9), min_size=0, max_size=6, unique=True)


def candidates(stories: list[int]) -> list[Candidate]:
    return [Candidate(story, story // 2, place) for place, story in enumerate(stories)]


def drafted(a: list[int], b: list[int], seed: int = 0, cap: int = 2) -> list[Drafted]:
    coins = (random.Random(f"{seed}/{n}").random() < 0.5 for n in itertools.count())
    return draft(candidates(a), candidates(b), coins, top=6, cap=cap)


@given(LISTS, LISTS, st.integers(0, 50))
def test_a_list_holds_each_story_once_and_is_as_long_as_the_longer(
    a: list[int], b: list[int], seed: int
) -> None:
    found = drafted(a, b, seed)
    stories = [one.candidate.key for one in found]
    assert len(stories) == len(set(stories))
    assert set(stories) <= {*a, *b}
    assert len(found) >= min(6, max(len(a), len(b)))
    teams = Counter(one.team for one in found)
    if a and b and len(set(a) | set(b)) >= 12:
        assert abs(teams["a"] - teams["b"]) <= 1


@given(LISTS, st.integers(0, 50))
def test_two_lists_that_are_the_same_are_nobodys(stories: list[int], seed: int) -> None:
    found = drafted(stories, stories, seed)
    assert [one.candidate.key for one in found] == stories
    assert {one.team for one in found} <= {None}


@given(LISTS, LISTS, st.integers(0, 200))
def test_the_other_way_round_it_is_the_same_but_for_the_names(
    a: list[int], b: list[int], seed: int
) -> None:
    """So neither of two settings that are worth the same can come out better."""
    heads = [random.Random(seed * 100 + n).random() < 0.5 for n in range(20)]
    one = draft(candidates(a), candidates(b), iter(heads), top=6, cap=6)
    other = draft(candidates(b), candidates(a), iter([not h for h in heads]), top=6, cap=6)
    swapped = {"a": "b", "b": "a", None: None}
    assert [(d.candidate.key, d.team) for d in one] == [
        (d.candidate.key, swapped[d.team]) for d in other
    ]


def test_each_is_first_half_of_the_time() -> None:
    first = Counter(drafted([0, 2, 4], [6, 8, 1], seed)[0].team for seed in range(2_000))
    assert 900 < first["a"] < 1_100


def test_so_many_of_a_digest_are_taken_and_more_only_where_it_would_be_short() -> None:
    found = drafted([0, 1, 2, 4], [6, 8, 9, 3], cap=1)
    groups = Counter(one.candidate.group for one in found)
    assert max(groups.values()) == 1
    assert len(drafted([0, 1], [1, 0], cap=1)) == 2


def by_place(a: list[int], b: list[int]) -> float:
    """What a reader who looks at places and not at stories would answer b more than a."""
    found = [drafted(a, b, seed, cap=6) for seed in range(3_000)]
    credit = {"a": -1.0, "b": 1.0, None: 0.0}
    return sum(
        credit[one.team] * one.weight / place
        for lists in found
        for place, one in enumerate(lists, 1)
    ) / len(found)


def test_places_alone_speak_for_neither_even_where_one_list_lacks_the_first_of_the_other() -> None:
    assert abs(by_place([0, 2, 4, 6, 8, 1], [2, 4, 6, 8, 1, 3])) < 0.03
    assert abs(by_place([0, 2, 4, 6, 8, 1], [1, 8, 6, 4, 2, 0])) < 0.03


def test_a_round_weighs_by_how_far_apart_the_lists_see_its_picks() -> None:
    neighbours = drafted([0, 2, 4, 6], [2, 0, 4, 6], cap=6)
    strangers = drafted([0, 2, 4, 6], [1, 3, 5, 7], cap=6)
    assert [(one.team is None, one.weight) for one in neighbours] == [
        (False, 0.5), (False, 0.5), (True, 1.0), (True, 1.0),
    ]  # fmt: skip
    assert [one.weight for one in strangers[:2]] == [2.0, 2.0]
