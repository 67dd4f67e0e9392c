"""The words a reason names are those that weigh most in both texts."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from recommender.ranking import features, shared_words
from recommender.ranking.settings import TextSettings
from recommender.ranking.shared_words import NONE, SharedWords
from recommender.ranking.topic_texts import TopicTexts
from recommender.ranking.values import Story, Term
from recommender.ranking.vocabulary_index import VocabularyIndex

MakeStory = Callable[..., Story]


@pytest.fixture
def words(story: MakeStory) -> Callable[[Sequence[str], Sequence[int]], list[list[str]]]:
    terms = [
        Term("violin", "strings bow wood varnish", (), ("cello",)),
        Term("cello", "strings spike"),
        Term("glacier", "ice moraine"),
    ]
    names = VocabularyIndex(terms)
    stories = [
        story("a", "violin strings", "bow bow wood"),
        story("b", "spike", "nothing else of it"),
        story("c", "moraine", "far off"),
        story("d", "violin", "told by its label"),
    ]
    space = features.build(stories, TextSettings(), names.all_texts())
    rows = np.arange(4)
    evident = np.array([False, False, False, True])
    shared = SharedWords(space, rows, TopicTexts(names, space, space.labels), lambda _: evident)

    def found(topics: Sequence[str], candidates: Sequence[int]) -> list[list[str]]:
        unique = list(dict.fromkeys(topics))
        which = np.array([unique.index(topic) for topic in topics])
        terms = shared.of(unique, which, np.array(candidates)).tolist()
        return [[space.names[term] for term in one if term != NONE] for one in terms]

    return found


@pytest.mark.parametrize(("together", "fields"), [(0, 0), (1_000_000, 0), (1_000_000, 1_000_000)])
def test_a_topic_s_own_words_come_first_then_those_of_its_field(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, together: int, fields: int
) -> None:
    monkeypatch.setattr(shared_words, "TOGETHER", together)
    monkeypatch.setattr(shared_words, "FIELDS_BYTES", fields)
    words = request.getfixturevalue("words")
    [own, field, none, evident, other] = words(
        ["violin", "violin", "violin", "violin", "glacier"], [0, 1, 2, 3, 2]
    )
    assert own[0] == "violin"
    assert len(own) == shared_words.MOST
    assert len({part for term in own for part in term.split()}) == sum(
        len(term.split()) for term in own
    )
    assert field == ["spike"]  # what the related label says
    assert none == []
    assert evident == []  # the label tells it
    assert other == ["moraine"]
