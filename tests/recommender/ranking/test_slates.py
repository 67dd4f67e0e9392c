"""The rules of an issue: duplicates, must-read, exploration, diversity, calibration."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from recommender.ranking.ranker import Ranker
from recommender.ranking.settings import RankingSettings
from recommender.ranking.values import Action, ListRequest, Reader, Story, Vocabulary

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
NEWS = (
    "The harbour authority of the northern port has ordered four electric ferries, to be delivered "
    "in two years. They replace diesel boats, halve the noise and need new charging piers."
)
PLAIN = RankingSettings(explore=False)


def copies(story: Story) -> list[Story]:
    """The story, a near copy from another source, and an unrelated one."""
    return [
        replace(story, id="a", article="a", key="a", title="Port orders electric ferries"),
        replace(
            story, id="b", article="b", key="b", title="Port orders four electric ferries",
            summary=NEWS.replace("in two years", "within two years"), takeaway="Ferries go quiet.",
        ),
        replace(story, id="c", article="c", key="c", title="Ferries and tides",
                summary="Why timetables follow the moon in shallow water."),
    ]  # fmt: skip


def stories(singles: list[Story]) -> list[Story]:
    base = Story("x", "x", "x", title="x", summary=NEWS, published_at=NOW - timedelta(days=1))
    return [*copies(base), *singles]


def test_of_near_identical_stories_the_fullest_is_shown_and_the_other_named(
    singles: list[Story],
) -> None:
    [ranking] = Ranker(stories(singles), settings=PLAIN).rank(
        [Reader("r", (), {"electric ferries": 3})], ListRequest(now=NOW, top=6)
    )
    assert ranking.picks[0].story == "b"
    assert ranking.picks[0].also == ("a",)
    assert "a" not in {pick.story for pick in ranking.picks}


def test_a_near_copy_of_what_was_sent_never_comes(singles: list[Story]) -> None:
    ranker = Ranker(stories(singles), settings=PLAIN)
    reader = Reader("r", (), {"electric ferries": 3}, (Action("a", "sent", NOW),))
    [ranking] = ranker.rank([reader], ListRequest(now=NOW, top=6))
    assert not {pick.story for pick in ranking.picks} & {"a", "b"}
    [asked] = ranker.explain(reader, ["b"], ListRequest(now=NOW, top=6))
    assert asked.why == "nearly the same as a story this reader had before"


def test_a_near_copy_of_an_old_story_of_the_archive_never_comes(singles: list[Story]) -> None:
    first, *others = stories(singles)
    ranker = Ranker(others, archive=[first], settings=PLAIN)
    reader = Reader("r", (), {"electric ferries": 3}, (Action("a", "sent", NOW),))
    [ranking] = ranker.rank([reader], ListRequest(now=NOW, top=6))
    assert "b" not in {pick.story for pick in ranking.picks}


def test_stories_of_one_digest_are_never_duplicates_of_each_other(singles: list[Story]) -> None:
    first, second, *_ = stories(singles)
    same = [replace(first, article="d"), replace(second, article="d")]
    [ranking] = Ranker([*same, *singles], settings=PLAIN).rank(
        [Reader("r", (), {"electric ferries": 3})], ListRequest(now=NOW, top=6)
    )
    assert {"a", "b"} <= {pick.story for pick in ranking.picks}


def test_a_must_read_is_in_every_list_once_and_relevance_leads(singles: list[Story]) -> None:
    must = Story(
        "m", "m", "m", title="Postal rates rise", summary="Letters cost more.", must_read=True
    )
    ranker = Ranker([*singles, must])
    readers = [Reader("g", (), {"compost": 3}), Reader("c", (), {"chess": 3})]
    for ranking in ranker.rank(readers, ListRequest(now=NOW, top=6)):
        assert [pick.story for pick in ranking.picks].index("m") == 1
        assert ranking.picks[1].reasons[0].kind == "must_read"
    seen = Reader("g", (), {"compost": 3}, (Action("m", "sent", NOW),))
    assert "m" not in {p.story for p in ranker.rank([seen], ListRequest(now=NOW, top=6))[0].picks}
    muted = Reader("g", (), {"compost": 3, "postal": -2})
    assert "m" not in {p.story for p in ranker.rank([muted], ListRequest(now=NOW, top=6))[0].picks}


def test_without_the_rules_of_a_list_a_must_read_counts_as_any_story(singles: list[Story]) -> None:
    must = Story(
        "m", "m", "m", title="Postal rates rise", summary="Letters cost more.", must_read=True
    )
    [ranking] = Ranker([*singles, must]).rank(
        [Reader("c", (), {"chess": 3})], ListRequest(now=NOW, top=6, as_issue=False)
    )
    assert "m" not in {pick.story for pick in ranking.picks}


def test_the_last_place_explores_with_its_propensity(singles: list[Story]) -> None:
    reader = Reader("r", (), {"compost": 3, "chess": 2})
    [ranking] = Ranker(singles).rank([reader], ListRequest(now=NOW, top=6, seed="weekly-2026-W48"))
    *usual, last = ranking.picks
    assert last.reasons[0].kind == "explore"
    assert last.propensity == 1 / 20
    assert all(pick.propensity is None for pick in usual)


def test_exploration_draws_by_seed_and_reader_and_evenly(singles: list[Story]) -> None:
    ranker = Ranker(singles)
    readers = [Reader(f"r{n}", (), {"compost": 3, "chess": 2}) for n in range(400)]
    drawn = [
        r.picks[-1].story for r in ranker.rank(readers, ListRequest(now=NOW, top=6, seed="one"))
    ]
    again = [
        r.picks[-1].story for r in ranker.rank(readers, ListRequest(now=NOW, top=6, seed="one"))
    ]
    other = [
        r.picks[-1].story for r in ranker.rank(readers, ListRequest(now=NOW, top=6, seed="two"))
    ]
    assert drawn == again
    assert drawn != other
    assert len(Counter(drawn)) == 20
    assert max(Counter(drawn).values()) < 45  # 20 expected each


def test_exploration_never_fills_a_list_that_is_short(digest: list[Story]) -> None:
    [ranking] = Ranker(digest).rank(
        [Reader("r", (), {"TPU Development": 3})], ListRequest(now=NOW, top=6)
    )
    assert all(pick.propensity is None for pick in ranking.picks)


def test_diversity_brings_in_another_subject(singles: list[Story]) -> None:
    reader = Reader("r", (), {"compost": 3, "soil": 3, "rook": 1})

    def topic_texts(diversity: float) -> set[str]:
        rules = RankingSettings(explore=False, diversity=diversity, calibration=0.0)
        [ranking] = Ranker(singles, settings=rules).rank([reader], ListRequest(now=NOW, top=4))
        return {pick.story[:2] for pick in ranking.picks}

    assert topic_texts(0.0) == {"s0"}
    assert topic_texts(0.6) == {"s0", "s5"}


def test_calibration_gives_each_stated_interest_its_part(
    singles: list[Story], vocabulary: Vocabulary
) -> None:
    reader = Reader("r", (), {"Gardening": 3, "Chess": 2, "Sailing": 1})

    def counts(calibration: float) -> Counter[str]:
        rules = RankingSettings(explore=False, diversity=0.0, calibration=calibration)
        ranker = Ranker(singles, vocabulary=vocabulary, settings=rules)
        [ranking] = ranker.rank([reader], ListRequest(now=NOW, top=6))
        return Counter(pick.story[:2] for pick in ranking.picks)

    plain, calibrated = counts(0.0), counts(0.5)
    assert plain["s1"] == 0
    assert [calibrated[subject] for subject in ("s0", "s5", "s1")] == [3, 2, 1]


def test_a_cap_per_source_holds(singles: list[Story]) -> None:
    rules = RankingSettings(max_per_source=1, explore=False)
    [ranking] = Ranker(singles, settings=rules).rank(
        [Reader("r", (), {"compost": 3, "chess": 2})], ListRequest(now=NOW, top=6)
    )
    sources = [story.source for story in singles if story.id in {p.story for p in ranking.picks}]
    assert len(sources) == len(set(sources)) == 3


def test_an_excluded_story_reaches_nobody(ranker: Ranker) -> None:
    reader = Reader("r", (), {"TPU Development": 3})
    [ranking] = ranker.rank([reader], ListRequest(now=NOW, top=6, exclude=["brief/tpu"]))
    assert "brief/tpu" not in {pick.story for pick in ranking.picks}
