"""Two rankers in one issue: as good a list as either, by the rules of an issue."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mailer.edition import interleaving, snapshot
from recommender.ranking.ranker import Ranker
from recommender.ranking.settings import RankingSettings
from recommender.ranking.values import ListRequest, Reader, Story
from tests.promises.conftest import words

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
REQUEST = ListRequest(now=NOW, top=6, seed="weekly-2026-W48")
SUBJECTS = ("chess", "tides", "bread", "glaciers", "violins", "trams")


def stories() -> list[Story]:
    """Four on each subject, of which the last is from the archive; one is a must-read."""
    made = [
        Story(
            f"{9 + number * 10 + at}", f"{subject}-{number}", "s", title=f"{subject} {number}",
            summary=words(f"{subject}{number}"), topics={subject: 1.0},
            published_at=NOW - timedelta(days=60 if number == 3 else number, hours=at),
        )
        for number in range(4)
        for at, subject in enumerate(SUBJECTS)
    ]  # fmt: skip
    return [replace(one, must_read=one.article == "trams-2") for one in made]


def lists(ranker: Ranker, reader: Reader) -> list[Any]:
    [ranking] = ranker.rank([reader], REQUEST)
    return [snapshot.pick_document(pick) for pick in ranking.picks]


def test_an_interleaved_issue_keeps_the_rules_of_an_issue() -> None:
    usual = Ranker(stories())
    other = Ranker(stories(), settings=RankingSettings(diversity=0.9, calibration=0.0, quota=0.0))
    differing = 0
    for number in range(30):
        wanted = {SUBJECTS[number % 6]: 3.0, SUBJECTS[(number + 1) % 6]: 1.0}
        reader = Reader(f"reader-{number}", (), wanted)
        a, b = lists(usual, reader), lists(other, reader)
        merged: list[Any] = interleaving.interleave(usual, a, b, REQUEST, reader.id)
        assert merged == interleaving.interleave(usual, a, b, REQUEST, reader.id)
        ids = [pick["story"] for pick in merged]
        assert len(ids) == len(set(ids)) == 6
        assert set(ids) <= {pick["story"] for pick in (*a, *b)}
        assert [pick["position"] for pick in merged] == [1, 2, 3, 4, 5, 6]
        assert 9 + 20 + 5 in ids[:2]  # the must-read
        kinds = [pick["reasons"][0][0] for pick in merged]
        assert kinds.count("explore") <= 1
        assert "explore" not in kinds[:-1]
        of_teams = [pick for pick in merged if "team" in pick]
        assert not [pick for pick in of_teams if pick["reasons"][0][0] == "explore"]
        old = [str(story) for story in ids[:-1] if story >= 39]
        assert ids[: 5 - len(old)] == [story for story in ids[:-1] if story < 39]
        differing += bool(of_teams)
    assert differing > 5
