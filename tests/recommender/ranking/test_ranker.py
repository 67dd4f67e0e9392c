"""What holds for every reader and every list, whatever they are: checked on random readers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender.ranking import reasons as because
from recommender.ranking.ranker import Ranker
from recommender.ranking.settings import RankingSettings
from recommender.ranking.values import Action, ListRequest, Reader, Story, Vocabulary
from tests.recommender.conftest import BY_INTERESTS

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TOPICS = ["TPU Development", "Compute Infrastructure", "Gardening", "Cooking", "Chess", "museum"]
STORIES = [f"s{subject}{turn}" for subject in range(8) for turn in range(5)] + ["brief/tpu"]

readers = st.builds(
    Reader,
    id=st.text("abcdefgh", min_size=1, max_size=6),
    roles=st.lists(st.sampled_from(["CTO", "Baker"]), max_size=2, unique=True).map(tuple),
    topics=st.dictionaries(st.sampled_from(TOPICS), st.integers(-2, 3), max_size=4),
    history=st.lists(
        st.builds(
            Action,
            story=st.sampled_from(STORIES),
            kind=st.sampled_from(["click", "more", "less", "sent"]),
            at=st.one_of(st.none(), st.integers(0, 300).map(lambda d: NOW - timedelta(days=d))),
        ),
        max_size=8,
    ).map(tuple),
)
fuzzed = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@fuzzed
@given(reader=readers, as_issue=st.booleans())
def test_shares_add_up_to_one_and_the_named_reason_is_the_largest(
    ranker: Ranker, reader: Reader, as_issue: bool
) -> None:
    [ranking] = ranker.rank([reader], ListRequest(now=NOW, top=8, as_issue=as_issue))
    for pick in ranking.picks:
        shares = [reason.share for reason in pick.reasons]
        assert sum(shares) == pytest.approx(1, abs=1e-9)
        assert shares[0] >= max(shares) - 1e-4  # the largest takes what rounding left over
        assert all(share > 0 for share in shares)


@fuzzed
@given(reader=readers)
def test_a_reason_s_share_is_what_the_score_loses_without_its_interest(
    ranker: Ranker, reader: Reader
) -> None:
    reader = replace(reader, history=(), roles=())
    [ranking] = ranker.rank([reader], ListRequest(now=NOW, top=3, as_issue=False))
    for pick in ranking.picks:
        for topic, weight in reader.topics.items():
            if weight <= 0 or max(reader.topics.values()) != weight:
                continue  # the strongest sets the scale, so it is the one that must stay
            others = {t: w for t, w in reader.topics.items() if t == topic or w <= 0}
            alone = ranker.explain(
                replace(reader, topics=others),
                [pick.story],
                ListRequest(now=NOW, top=3, as_issue=False),
            )[0]
            named = [r.share for r in pick.reasons if r.detail == topic and r.kind == "topic"]
            fresh = sum(r.share for r in pick.reasons if r.kind == "fresh")
            if named:
                assert named[0] / (1 - fresh) == pytest.approx(alone.score / pick.score, abs=0.01)


@fuzzed
@given(
    co_clicks=st.lists(readers, min_size=2, max_size=12),
    cut=st.integers(1, 11),
    as_issue=st.booleans(),
)
def test_the_size_of_a_chunk_changes_nothing(
    ranker: Ranker, co_clicks: list[Reader], cut: int, as_issue: bool
) -> None:
    whole = ranker.rank(co_clicks, ListRequest(now=NOW, top=6, seed="w", as_issue=as_issue))
    parts = ranker.rank(co_clicks[:cut], ListRequest(now=NOW, top=6, seed="w", as_issue=as_issue))
    parts += ranker.rank(co_clicks[cut:], ListRequest(now=NOW, top=6, seed="w", as_issue=as_issue))
    assert whole == parts


def test_a_new_ranker_that_met_readers_in_another_order_says_the_same(
    digest: list[Story], singles: list[Story], vocabulary: Vocabulary
) -> None:
    people = [
        Reader(f"r{n}", ("Baker",) * (n % 2), {TOPICS[n % 6]: 3, TOPICS[(n + 2) % 6]: 1})
        for n in range(20)
    ]
    one = Ranker([*digest, *singles], vocabulary=vocabulary)
    other = Ranker([*reversed(singles), *digest], vocabulary=vocabulary)
    there = one.rank(people, ListRequest(now=NOW, top=6))
    back = other.rank(people[::-1], ListRequest(now=NOW, top=6))[::-1]
    assert there == back


@pytest.mark.parametrize("cut", [1, 7])
def test_topics_that_are_met_together_or_one_by_one_have_the_same_rows(
    digest: list[Story], singles: list[Story], vocabulary: Vocabulary, cut: int
) -> None:
    words = ["yeast", "ice core", "rook", "tide", "antibody dose", "amber00", "chip", "pruning"]
    people = [
        Reader(f"r{n}", (), {f"{words[n % 8]} {words[(3 * n + 1) % 8]}": 2, TOPICS[n % 6]: 1})
        for n in range(20)
    ]
    request = ListRequest(now=NOW, top=6, as_issue=False)
    whole = Ranker([*digest, *singles], vocabulary=vocabulary).rank(people, request)
    ranker = Ranker([*digest, *singles], vocabulary=vocabulary)
    parts = [
        ranking
        for start in range(0, len(people), cut)
        for ranking in ranker.rank(people[start : start + cut], request)
    ]
    assert whole == parts


@fuzzed
@given(reader=readers, as_issue=st.booleans())
def test_nothing_of_the_history_comes_again(ranker: Ranker, reader: Reader, as_issue: bool) -> None:
    [ranking] = ranker.rank([reader], ListRequest(now=NOW, top=50, as_issue=as_issue))
    assert not {p.story for p in ranking.picks} & {action.story for action in reader.history}


@fuzzed
@given(reader=readers, floor=st.sampled_from([0.0, 0.05, 0.3, 0.9]))
def test_a_list_keeps_the_floor_the_caps_and_its_length(
    digest: list[Story], singles: list[Story], vocabulary: Vocabulary, reader: Reader, floor: float
) -> None:
    rules = RankingSettings(relevance_floor=floor, max_per_source=3)
    ranker = Ranker([*digest, *singles], vocabulary=vocabulary, settings=rules)
    [ranking] = ranker.rank([reader], ListRequest(now=NOW, top=6))
    listed = [ranker.candidates[ranker.column[pick.story]] for pick in ranking.picks]
    assert len(listed) <= 6
    assert [pick.position for pick in ranking.picks] == list(range(1, len(listed) + 1))
    assert len({story.id for story in listed}) == len(listed)
    assert max(np.unique([s.article for s in listed], return_counts=True)[1], default=0) <= 2
    for pick in ranking.picks:
        if pick.propensity is None:
            assert pick.score >= floor


def test_a_score_made_of_nothing_has_no_reasons_and_no_pick(ranker: Ranker) -> None:
    by_interests = Ranker(ranker.candidates, settings=BY_INTERESTS)
    [ranking] = by_interests.rank([Reader("r", (), {"zzz": 3})], ListRequest(now=NOW, top=6))
    assert ranking.picks == ()


def test_parts_too_small_to_name_leave_the_rest_adding_up() -> None:
    import scipy.sparse as sp

    likes = sp.csr_array(np.array([[1.0, 1.0, 0.001]], dtype=np.float32))
    values = np.array([[0.5], [0.25], [0.5]], dtype=np.float32)
    columns, factors = np.array([0], dtype=np.int32), np.array([1.0], dtype=np.float32)
    found = because.parts(
        likes, values, because.ChosenStories.of_one_reader(columns, factors), 0.02
    )
    assert found.interests.tolist() == [0, 1]
    assert found.shares.tolist() == [6667, 3333]
