"""Readers as weighted interests, a chunk at a time."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from recommender.ranking import profiles
from recommender.ranking.profiles import Profiles
from recommender.ranking.ranker import Ranker
from recommender.ranking.settings import ProfileSettings
from recommender.ranking.values import Action, Reader, Story, Term, Vocabulary

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def ranker() -> Ranker:
    topics = (Term("Chess", aliases=("schach",)), Term("Tides", "sea and moon"))
    stories = [
        Story(name, name, name, title=name, topics={name: 1.0}, source=f"Source {name}")
        for name in ("chess", "tides", "bread")
    ]
    return Ranker(stories, vocabulary=Vocabulary(topics, (Term("Baker", "bread"),)))


READERS = [
    Reader("names", ("baker", "Cook"), {"Chess": 1, "bread": 2.0, "schach": 3, "Tides": 0}),
    Reader("nothing"),
    Reader("mutes", ("Cook",), {"schach": -2, "tides": -0.5, "bread": 1}),
    Reader("answers", (), {}, (Action("chess", "click", NOW), Action("bread", "less", NOW))),
    Reader("both", ("Baker",), {"Tides": 2}, (Action("bread", "more"), Action("gone", "click"))),
    Reader("sent", (), {"bread": 0}, (Action("bread", "sent", NOW),)),
]


def _built(ranker: Ranker, readers: list[Reader]) -> Profiles:
    return profiles.build(readers, ranker.affinities, ProfileSettings(), NOW)


def _interests(ranker: Ranker, built: Profiles) -> list[list[tuple[str, str, float]]]:
    likes = built.likes
    interests = map(ranker.affinities.interest, likes.indices.tolist())
    parts: list[tuple[str, str, float]] = [
        (interest.kind, interest.name, weight)
        for interest, weight in zip(interests, likes.data.tolist(), strict=True)
    ]
    return [parts[start:end] for start, end in pairwise(likes.indptr.tolist())]


def test_two_names_of_a_topic_are_one_interest_with_the_greater_weight(ranker: Ranker) -> None:
    [wanted] = _interests(ranker, _built(ranker, READERS[:1]))
    role = ProfileSettings().role / 2**0.5
    assert wanted == [
        ("topic", "chess", 1.0),
        ("topic", "bread", pytest.approx(2 / 3)),
        ("role", "baker", pytest.approx(role)),
        ("role", "cook", pytest.approx(role)),
    ]


def test_what_is_muted_or_weighs_nothing_is_no_interest(ranker: Ranker) -> None:
    built = _built(ranker, READERS)
    assert built.muted == [(), (), ("chess", "tides"), (), (), ()]
    assert [name for _, name, _ in _interests(ranker, built)[2]] == ["bread", "cook"]
    assert built.answered == [(), (), (), ("chess", "bread"), ("bread", "gone"), ("bread",)]


def test_a_profile_is_the_same_whoever_shares_the_chunk(ranker: Ranker) -> None:
    together = _interests(ranker, _built(ranker, READERS))
    assert [_interests(ranker, _built(ranker, [one]))[0] for one in READERS] == together
    assert _built(ranker, []).likes.shape[0] == 0
