"""What decides a choice, and what must not: labels, common words, answers, equal interests."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.ranking.ranker import Ranker
from recommender.ranking.settings import RankingSettings
from recommender.ranking.values import ListRequest, Reader, Story, Term, Vocabulary
from tests.recommender.conftest import BY_INTERESTS, NOW, MakeStory

_WORDS = "amber birch cedar delta ember fjord grove heron inlet joist kelp larch marsh nettle otter"
WORDS = _WORDS.split()
VOCABULARY = Vocabulary(
    topics=(
        Term("Falconry", "Hawks, hoods, lures and gauntlets in the field.", ("Hawking",)),
        Term("Bookbinding", "Signatures, spines, awls, thread and marbled paper."),
    )
)


def own(number: int) -> str:
    """Words of one story only."""
    return " ".join(f"{word}{number}" for word in WORDS)


def chosen(ranker: Ranker, topics: dict[str, float], *, as_issue: bool = False) -> list[str]:
    request = ListRequest(now=NOW, top=10, as_issue=as_issue)
    [ranking] = ranker.rank([Reader("r", (), topics)], request)
    return [pick.story for pick in ranking.picks]


@settings(max_examples=30, deadline=None)
@given(
    spoken=st.lists(st.sampled_from(("hawk", "hood", "lure", "gauntlet", "falconry")), min_size=1),
    words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=12),
    others=st.integers(min_value=0, max_value=6),
)
def test_a_story_an_editor_labelled_stands_before_any_that_only_speaks_alike(
    spoken: list[str], words: list[str], others: int
) -> None:
    yesterday = NOW - timedelta(days=1)
    labelled = Story("labelled", "labelled", "l", title=" ".join(words),
                     topics={"Falconry": 1.0}, published_at=yesterday)  # fmt: skip
    alike = [
        Story(f"alike{n}", f"alike{n}", "a", title=f"The {' '.join(spoken)} {n}",
              summary=" ".join(spoken * 2), published_at=yesterday)
        for n in range(others + 1)
    ]  # fmt: skip
    ranker = Ranker([*alike, labelled], vocabulary=VOCABULARY)
    assert chosen(ranker, {"Falconry": 2.0})[0] == "labelled"


@pytest.mark.parametrize(
    ("topic", "word"),
    [("open design lab", "open"), ("zero-day exploits", "day"), ("supply of cloth", "supply"),
     ("Bookbinding", "paper")],
)  # fmt: skip
def test_one_common_word_is_no_reason_and_decides_nothing(
    topic: str, word: str, story: MakeStory
) -> None:
    # "paper" is common here because the archive is full of it.
    stories = [story(f"s{n}", f"{WORDS[n % 15]}{n} {word}", f"{word} {n}x") for n in range(60)]
    by_interests = Ranker(stories, vocabulary=VOCABULARY, settings=BY_INTERESTS)
    assert chosen(by_interests, {topic: 3.0}) == []


def test_a_common_word_that_is_the_whole_topic_is_asked_for(story: MakeStory) -> None:
    stories = [story("asked", "Design by committee"), story("other", "amber birch")]
    assert chosen(Ranker(stories), {"Design": 1.0}) == ["asked"]


@settings(max_examples=20, deadline=None)
@given(
    plain=st.integers(min_value=1, max_value=4), shy=st.integers(min_value=4, max_value=8),
    seed=st.integers(min_value=0, max_value=9), explore=st.booleans(),
)  # fmt: skip
def test_the_weaker_of_two_equal_topics_gets_three_places_of_ten(
    plain: int, shy: int, seed: int, explore: bool
) -> None:
    """Stories of one topic say its words ``plain`` times and carry it; those of the other say one
    word of its definition among others."""
    loud = [
        Story(f"loud{n}", f"loud{n}", "l", title=f"Falconry {WORDS[n]}", topics={"Falconry": 1.0},
              summary="hawk hood lure gauntlet " * plain + own(n), published_at=NOW)
        for n in range(12)
    ]  # fmt: skip
    quiet = [
        Story(f"quiet{n}", f"quiet{n}", "q", title=f"{WORDS[(n + seed) % 15]}{n} spines",
              summary=f"marbled awls; {own(n + 20)}", published_at=NOW)
        for n in range(shy)
    ]  # fmt: skip
    ranker = Ranker(
        [*loud, *quiet], vocabulary=VOCABULARY, settings=RankingSettings(explore=explore)
    )
    found = chosen(ranker, {"Falconry": 2.0, "Bookbinding": 2.0}, as_issue=True)
    assert len(found) == 10
    assert sum(name.startswith("quiet") for name in found) >= 3


@settings(max_examples=20, deadline=None)
@given(days=st.lists(st.integers(min_value=0, max_value=30), min_size=2, max_size=12))
def test_stories_of_the_week_stand_before_those_from_the_archive(days: list[int]) -> None:
    stories = [
        Story(f"s{n}", f"s{n}", "s", title=f"Falconry {WORDS[n]}", topics={"Falconry": 1.0},
              summary=f"{'hawk hood lure ' * (age // 5)} {own(n)}",
              published_at=NOW - timedelta(days=age))
        for n, age in enumerate(days)
    ]  # fmt: skip
    ranker = Ranker(stories, vocabulary=VOCABULARY, settings=RankingSettings(explore=False))
    found = chosen(ranker, {"Falconry": 2.0}, as_issue=True)
    ages = [days[int(name[1:])] for name in found]
    assert len(found) == min(len(days), 10)
    assert [age > 7 for age in ages] == sorted(age > 7 for age in ages)


def test_an_editor_s_must_read_from_the_archive_keeps_its_place() -> None:
    old, new = NOW - timedelta(days=20), NOW - timedelta(days=1)
    stories = [
        Story(f"s{n}", f"s{n}", "s", title=f"Falconry {WORDS[n]}", summary=own(n),
              topics={"Falconry": 1.0}, must_read=n == 0, published_at=old if n < 2 else new)
        for n in range(4)
    ]  # fmt: skip
    ranker = Ranker(stories, vocabulary=VOCABULARY)
    found = chosen(ranker, {"Falconry": 2.0}, as_issue=True)
    assert found[1] == "s0"
    assert found[-1] == "s1"
