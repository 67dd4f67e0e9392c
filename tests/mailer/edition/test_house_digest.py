"""The house digest: the same for all, but for what a reader must not get."""

from datetime import UTC, datetime, timedelta

from mailer.edition import house_digest
from recommender.ranking.ranker import Ranker
from recommender.ranking.values import Action, ListRequest, Reader, Story
from tests.promises.conftest import words

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SUBJECTS = ("chess", "tides", "bread", "glaciers")


def stories() -> list[Story]:
    return [
        Story(
            f"{subject}-{number}", f"{subject}-{number}", "s", title=f"{subject} {number}",
            summary=words(f"{subject}{number}"), topics={subject: 1.0},
            published_at=NOW - timedelta(hours=number * 4 + at),
        )
        for number in range(4)
        for at, subject in enumerate(SUBJECTS)
    ]  # fmt: skip


def digest(reader: Reader) -> list[str]:
    ranker = Ranker(stories())
    [ranking] = ranker.rank(
        [house_digest.reader(reader)], ListRequest(now=NOW, top=6, seed="weekly-2026-W48")
    )
    return [pick.story for pick in ranking.picks]


def test_everybody_gets_the_same_whatever_they_like() -> None:
    liked = (Action("chess-3", "click", NOW - timedelta(days=9)),)
    plain = digest(Reader("a", (), {}))
    assert len(plain) == 6
    assert digest(Reader("b", ("CTO",), {"chess": 3})) == plain
    assert digest(Reader("c", (), {"bread": 1}, liked)) == plain


def test_what_a_reader_muted_or_had_before_they_do_not_get() -> None:
    plain = digest(Reader("a", (), {}))
    muted = digest(Reader("b", (), {"chess": -2}))
    assert not [story for story in muted if story.startswith("chess")]
    had = digest(Reader("c", (), {}, (Action(plain[0], "more", NOW),)))
    assert plain[0] not in had
    assert set(had) & set(plain)
