"""What is learned from all readers together: tastes, sources; which answers count; languages."""

from datetime import timedelta

import pytest

from recommender.evaluation import weekly
from recommender.evaluation.trial import OURS
from recommender.ranking import answers, words
from recommender.ranking.ranker import Ranker
from recommender.ranking.settings import ProfileSettings, RankingSettings, SimilaritySettings
from recommender.ranking.values import Action, ListRequest, Reader, Story, Vocabulary
from tests.recommender.conftest import BY_INTERESTS, NOW

FIELDS = ("reefs", "looms")
SHARED = {"reefs": "polyp lagoon", "looms": "warp shuttle"}


def archive() -> list[Story]:
    """Sixty stories of two fields, two words of each field in each, and two that nobody read: one
    says of its field only who brings it."""
    stories = [
        Story(
            f"{field}{number}", f"{field}{number}", f"{field}{number}",
            title=f"{SHARED[field]} {'abcdefghijklmnopqrstuvwxyzäöüß'[number] * 4}",
            source=f"{field} {number % 2}", published_at=NOW - timedelta(days=60 - number),
        )
        for field in FIELDS
        for number in range(30)
    ]  # fmt: skip
    new = [
        Story(f"new {field}", f"new {field}", "n", title=title, source=f"{field} 1",
              published_at=NOW - timedelta(hours=1))
        for field, title in (("reefs", "quokka"), ("looms", "zebu"))
    ]  # fmt: skip
    return [*stories, *new]


def crowd() -> list[list[str]]:
    """A hundred and twenty readers of one field each, ten stories of it."""
    return [[f"{FIELDS[n % 2]}{(n + 3 * turn) % 30}" for turn in range(10)] for n in range(120)]


def picked(ranker: Ranker, reader: Reader) -> list[str]:
    [ranking] = ranker.rank([reader], ListRequest(now=NOW, top=2, as_issue=False))
    return [pick.story for pick in ranking.picks]


def clicks(*stories: str) -> tuple[Action, ...]:
    return tuple(Action(story, "click", NOW - timedelta(days=1)) for story in stories)


@pytest.mark.parametrize(("field", "other"), [("reefs", "looms"), ("looms", "reefs")])
def test_a_story_nobody_read_goes_to_those_whose_taste_its_source_meets(
    field: str, other: str
) -> None:
    stories = archive()
    reader = Reader("r", history=clicks(f"{field}0", f"{field}2"))  # of another source
    ranker = Ranker(stories[-2:], archive=stories, co_clicks=crowd())
    assert picked(ranker, reader) == [f"new {field}", f"new {other}"]
    without = RankingSettings(
        similarity=SimilaritySettings(taste=0.0, metric=0.0),
        profile=ProfileSettings(promise=0.0, fallback=False),
    )
    plain = Ranker(stories[-2:], archive=stories, settings=without, co_clicks=crowd())
    assert picked(plain, reader) == []


def test_what_many_readers_may_like_is_a_part_of_its_own_and_the_smaller_one() -> None:
    stories = archive()
    ranker = Ranker(stories[-2:], archive=stories, co_clicks=crowd())
    reader = Reader("r", history=clicks("reefs0", "reefs2"))
    [ranking] = ranker.rank([reader], ListRequest(now=NOW, top=1, as_issue=False))
    [pick] = ranking.picks
    shares = {reason.detail: reason.share for reason in pick.reasons}
    assert 0 < shares["what many readers like"] < 0.5
    assert sum(shares.values()) == pytest.approx(1)


def test_a_reader_of_a_role_that_meets_no_story_gets_what_is_new_and_is_told_so(
    vocabulary: Vocabulary, digest: list[Story]
) -> None:
    ranker = Ranker(digest, vocabulary=vocabulary)
    request = ListRequest(now=NOW, top=3)
    baker, executive = ranker.rank([Reader("b", ("Beekeeper",)), Reader("c", ("CTO",))], request)
    assert baker.picks
    assert baker.picks[0].reasons[0].detail == "new, where nothing else is known to fit"
    assert executive.picks[0].reasons[0].kind == "role"


def test_a_reader_of_whom_nothing_is_known_gets_first_what_many_like_and_is_told_so() -> None:
    stories = archive()
    much_read = [[f"reefs{(n + 3 * turn) % 30}" for turn in range(10)] for n in range(120)]
    ranker = Ranker(stories[-2:], archive=stories, co_clicks=[*much_read, *crowd()])
    [ranking] = ranker.rank([Reader("r")], ListRequest(now=NOW, top=2, as_issue=False))
    assert [pick.story for pick in ranking.picks] == ["new reefs", "new looms"]
    assert "what many readers like" in [reason.detail for reason in ranking.picks[0].reasons]


def test_a_few_readers_teach_no_taste() -> None:
    stories = archive()
    few = Ranker(stories[-2:], archive=stories, settings=BY_INTERESTS, co_clicks=crowd()[:4])
    assert picked(few, Reader("r", history=clicks("reefs0", "reefs2"))) == []


def test_a_source_that_a_reader_answers_more_than_others_is_an_interest_with_its_reason() -> None:
    stories = archive()
    ranker = Ranker(stories[-2:], archive=stories)
    reader = Reader("r", history=clicks("looms1", "looms3"))
    [ranking] = ranker.rank([reader], ListRequest(now=NOW, top=2, as_issue=False))
    [pick] = ranking.picks
    assert pick.story == "new looms"
    assert ("history", "looms 1") in [(r.kind, r.detail) for r in pick.reasons]
    assert sum(reason.share for reason in pick.reasons) == pytest.approx(1)


@pytest.mark.parametrize("backwards", [False, True])
def test_of_two_contradicting_answers_the_later_one_counts(backwards: bool) -> None:
    early, late = NOW - timedelta(days=3), NOW
    history = [Action("s", "more", early), Action("s", "less", late), Action("t", "less", early)]
    history += [Action("t", "click", late), Action("u", "click", early), Action("u", "more", late)]
    given = history[::-1] if backwards else history
    kept = {(one.story, one.kind) for one in answers.valid(given)}
    assert kept == {("s", "less"), ("t", "click"), ("u", "click"), ("u", "more")}
    assert set(answers.liked(given)) == {"t", "u"}


@pytest.mark.parametrize(
    ("topic", "wanted"), [("量子", "q"), ("風力発電", "w"), ("รถไฟ", "t"), ("Strommarkt", "g")]
)
def test_a_topic_is_found_inside_a_title_without_spaces(topic: str, wanted: str) -> None:
    titles = {
        "q": "新型量子芯片問世", "w": "洋上風力発電の新技術", "t": "ข่าวรถไฟความเร็วสูง",
        "g": "Was der Strommarkt mit den Preisen zu tun hat", "x": "港口貨運恢復",
    }  # fmt: skip
    stories = [
        Story(key, key, key, title=title, url="https://example.org/")
        for key, title in titles.items()
    ]
    [ranking] = Ranker(stories, settings=BY_INTERESTS).rank(
        [Reader("r", topics={topic: 1.0})], ListRequest(now=NOW, top=3)
    )
    assert [pick.story for pick in ranking.picks] == [wanted]


def test_words_of_grammar_of_other_languages_are_no_terms() -> None:
    assert words.tokens("Warum das Netz für die Stadt wichtig ist") == [
        "netz",
        "die",
        "stadt",
        "wichtig",
    ]
    assert words.tokens("Um padrão inesperado nos números") == ["padrao", "inesperado", "numero"]
    assert words.tokens("L'avenir des réseaux et leur coût") == ["avenir", "reseau", "cout"]
    assert words.tokens("AI car war") == ["ai", "car", "war"]


def test_every_week_is_ranked_from_what_was_known_before_it() -> None:
    stories = archive()
    readers = [
        Reader(
            f"r{n}",
            history=tuple(
                Action(story, "click", NOW - timedelta(days=60 - int(story[5:]), hours=-2))
                for story in sorted(liked, key=lambda story: int(story[5:]))
            ),
        )
        for n, liked in enumerate(crowd())
    ]
    found = list(weekly.weeks(stories, readers))
    assert len(found) >= 3
    for week in found:
        assert all(a.at and a.at < week.start for r in week.readers for a in r.history)
        assert all(s.published_at and s.published_at >= week.start for s in week.candidates)
        assert set(week.kept) <= {reader.id for reader in readers}
    replayed = weekly.replay(found, Vocabulary())
    estimates = replayed.estimates()
    assert list(estimates) == [OURS, "newest", "popularity", "item-kNN", "EASE", "mean TF-IDF"]
    assert estimates[OURS].low <= estimates[OURS].mean <= estimates[OURS].high
    assert replayed.ahead("newest").low > 0
