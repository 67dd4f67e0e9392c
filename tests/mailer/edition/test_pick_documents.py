"""What planning writes of a choice is what ``snapshot.pick_document`` says of each pick."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mailer.edition import snapshot
from mailer.edition.pick_documents import PickDocuments
from recommender.ranking.ranker import Ranker
from recommender.ranking.settings import RankingSettings
from recommender.ranking.values import Action, ListRequest, Reader, Story
from recommender.storage import json_columns
from tests.promises.conftest import words

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
REQUEST = ListRequest(now=NOW, top=6, seed="weekly-2026-W48")
SUBJECTS = ("chess", 'tides "high"', "brød\u2028", "glaciers", "violins", "trams")


def stories() -> list[Story]:
    """Three on each subject, of which one is told twice."""
    made = [
        Story(
            f"{1 + number * 10 + at}", f"{subject}-{number}", "s", title=f"{subject} {number}",
            summary=words(f"{subject}{number}"), topics={subject: 1.0} if number else {},
            published_at=NOW - timedelta(days=number, hours=at),
        )
        for number in range(3)
        for at, subject in enumerate(SUBJECTS)
    ]  # fmt: skip
    return [*made, replace(made[0], id="99", article="twin")]


def readers() -> list[Reader]:
    asking = [
        Reader(f"{one}-{other}", ("Baker",), {one: 3.0, other: 1.0})
        for one in SUBJECTS
        for other in SUBJECTS
    ]
    answering = Reader("answers", (), {"chess": 3.0}, (Action("1", "click", NOW),))
    return [*asking, Reader("nothing", (), dict.fromkeys(SUBJECTS, -1.0)), answering]


def test_choices_read_as_the_documents_of_their_picks() -> None:
    shown: set[str] = set()
    for vary in (0.0, 0.9):
        ranker = Ranker(stories(), settings=RankingSettings(vary=vary))
        rankings = ranker.rank(readers(), REQUEST)
        choices = PickDocuments(ranker).of(ranker.ranked(readers(), REQUEST))
        for choice, ranking in zip(choices, rankings, strict=True):
            expected = [snapshot.pick_document(pick) for pick in ranking.picks]
            assert json_columns.dump(choice.picks) == json_columns.dump(expected)
            assert choice.stories == [pick["story"] for pick in expected]
            shown.update(key for pick in expected for key, value in pick.items() if value)
    assert {"also", "propensity", "places"} <= shown


def test_of_no_reader_and_of_no_pick_there_is_nothing() -> None:
    ranker = Ranker(stories())
    documents = PickDocuments(ranker)
    assert documents.of(ranker.ranked([], REQUEST)) == []
    [nothing] = documents.of(ranker.ranked([Reader("r")], replace(REQUEST, top=0)))
    assert (nothing.stories, json_columns.dump(nothing.picks)) == ([], "[]")
