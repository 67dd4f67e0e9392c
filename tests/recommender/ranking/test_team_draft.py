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
