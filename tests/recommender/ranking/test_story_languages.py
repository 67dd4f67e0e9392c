"""A reader gets stories in the languages they read, as sources or the words tell."""

import pytest

from recommender.ranking.ranker import Ranker
from recommender.ranking.story_languages import languages_of
from recommender.ranking.values import ListRequest, Reader, Story
from tests.recommender.conftest import NOW

TEXTS = {
    "en": ("Vaccines for all children", "The vaccine was given to many of the children."),
    "pt": ("Vacinas para todas as crianças", "A campanha vaccine foi dada a muitas crianças."),
}
STORIES = [
    *(Story(tag, tag, tag, title=title, summary=text, published_at=NOW)
      for tag, (title, text) in TEXTS.items()),
    Story("de", "de", "de", title="vaccine", summary="vaccine", language="de-AT",
          published_at=NOW),
    Story("names", "n", "n", title="mRNA vaccine", url="https://example.org/", published_at=NOW),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("The regulator did nothing for a year", "en"),
        ("Die Preise für Strom steigen wieder", "de"),
        ("Le prix de l'électricité augmente", "fr"),
        ("大模型推理成本下降 国产大模型在推理阶段的成本下降了一半", "zh"),
        ("生成AIの電力消費", "ja"),
        ("Kubernetes 1.9", None),
        ("", None),
    ],
)
def test_the_words_tell_the_language_or_nothing_does(text: str, tag: str | None) -> None:
    assert languages_of([Story("a", "a", "a", title=text)]) == [tag]


def test_what_the_source_says_is_believed() -> None:
    assert languages_of([Story("a", "a", "a", title="The regulator", language="pt_BR")]) == ["pt"]


def test_a_short_title_is_in_one_of_the_languages_of_the_others() -> None:
    titles = ["Bayesian machine learning", "Afinal, o que é Inbound Marketing?", "Angular 2"]
    short = [Story(title, title, title, title=title) for title in titles]
    assert languages_of(short) == [None, None, None]
    assert languages_of([*short, *STORIES[:2]])[:3] == ["en", "pt", None]


@pytest.mark.parametrize("as_issue", [True, False])
@pytest.mark.parametrize(
    ("languages", "others"),
    [((), set()), (("pt",), {"en", "de"}), (("en", "DE"), {"pt"}), (("ja",), {"en", "pt", "de"})],
)
def test_what_a_reader_does_not_read_is_never_picked(
    languages: tuple[str, ...], others: set[str], as_issue: bool
) -> None:
    request = ListRequest(now=NOW, top=5, as_issue=as_issue)
    readers = [
        Reader("a", (), {"vaccine": 1}),
        Reader("b", (), {"vaccine": 1}, languages=languages),
    ]
    everything, theirs = Ranker(STORIES).rank(readers, request)
    got = {pick.story for pick in everything.picks}
    # A list by the rules of an issue has one of what is nearly the same.
    assert got >= {"en", "pt", "de"}
    assert {pick.story for pick in theirs.picks} & others == set()
    assert {"en", "pt", "de"} - others <= {pick.story for pick in theirs.picks}


def test_a_must_read_in_another_language_is_not_for_them() -> None:
    must = Story("must", "m", "m", title="Alle Kinder", summary="Die Impfung ist für alle da.",
                 must_read=True, published_at=NOW)  # fmt: skip
    [found] = Ranker([*STORIES, must]).rank(
        [Reader("a", (), {"vaccine": 1}, languages=("en",))], ListRequest(now=NOW, top=5)
    )
    assert "must" not in {pick.story for pick in found.picks}


def test_why_a_story_is_not_there_names_its_language() -> None:
    reader = Reader("a", (), {"vaccine": 1}, languages=("en",))
    [why] = Ranker(STORIES).explain(reader, ["pt"], ListRequest(now=NOW, top=5))
    assert why.why == "in pt, which this reader does not read"
