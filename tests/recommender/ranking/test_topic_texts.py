"""A topic finds its field in a stream whose stories carry no labels."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from recommender.ranking import features
from recommender.ranking.ranker import Ranker
from recommender.ranking.settings import TextSettings
from recommender.ranking.topic_texts import TopicTexts
from recommender.ranking.values import ListRequest, Reader, Story, Term, Vocabulary
from recommender.ranking.vocabulary_index import VocabularyIndex
from recommender.vocabulary import starter
from tests.recommender.conftest import BY_INTERESTS

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
MakeStory = Callable[..., Story]


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return starter.read()


@pytest.fixture
def stream(story: MakeStory) -> list[Story]:
    """Two stories each of security, operations, data and AI; none has a label or says its field."""
    return [
        story("security1", "Gateway flaw is exploited",
              "Unpatched VPN appliances let attackers in before the advisory was out."),
        story("security2", "Gang leaks patient records",
              "The intruders had stolen credentials and asked for payment in cryptocurrency."),
        story("operations1", "Rolling out pods without a pause",
              "Draining nodes, readiness probes and rollback when a deployment misbehaves."),
        story("operations2", "Who is paged at night",
              "Alerts, runbooks and rotations of those on call; fewer pages after outages."),
        story("data1", "Smaller files, faster queries",
              "Parquet, partitions and compaction in the warehouse; tables load in seconds."),
        story("data2", "Late events in a revenue report",
              "Kafka topics, Flink pipelines and watermarks keep the tables right."),
        story("ai1", "Shorter prompts, same answers",
              "A language model skips tokens its transformer never attends to."),
        story("ai2", "Rewards without a teacher",
              "Reasoning models are trained by reinforcement learning on answers checked by code."),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("topic", "field"),
    [
        ("Security", "security"), ("ransomware", "security"), ("zero-day exploits", "security"),
        ("cyber attacks", "security"), ("Kubernetes", "operations"), ("k8s", "operations"),
        ("deployment and rollback", "operations"), ("Data Engineering", "data"), ("ETL", "data"),
        ("event streaming platforms", "data"), ("language model training", "ai"), ("nlp", "ai"),
    ],
)  # fmt: skip
def test_a_topic_known_or_typed_finds_its_field_first(
    vocabulary: Vocabulary, stream: list[Story], topic: str, field: str
) -> None:
    ranker = Ranker(stream, vocabulary=vocabulary)
    [found] = ranker.rank(
        [Reader("r", (), {topic: 3})], ListRequest(now=NOW, top=2, as_issue=False)
    )
    assert [pick.story.rstrip("12") for pick in found.picks] == [field, field]


def test_case_and_aliases_change_nothing(vocabulary: Vocabulary, stream: list[Story]) -> None:
    ranker = Ranker(stream, vocabulary=vocabulary)
    readers = [Reader("r", (), {name: 3}) for name in ("Kubernetes", "KUBERNETES", "k8s", "K8S")]
    found = ranker.rank(readers, ListRequest(now=NOW, top=8, as_issue=False))
    assert all(ranking.picks == found[0].picks for ranking in found)


def test_a_name_the_vocabulary_lacks_keeps_half_for_its_own_words(
    vocabulary: Vocabulary, stream: list[Story]
) -> None:
    names = VocabularyIndex(vocabulary.topics)
    space = features.build(stream, TextSettings(), names.all_texts())
    around = TopicTexts(names, space, space.labels).around("cyber attacks")
    assert sum(around.values()) == pytest.approx(1)
    assert around["cyber attacks"] == pytest.approx(0.5)
    assert "security" in around


def test_what_several_labels_claim_counts_less_than_its_cosine_says(story: MakeStory) -> None:
    names = VocabularyIndex(
        [Term("violin", "pebble"), Term("glacier", "pebble"), Term("marsh", "pebble")]
    )
    stories = [story("own", "violin"), story("claimed", "pebble")]
    space = features.build(stories, TextSettings(ngrams=1), names.all_texts())
    violin = TopicTexts(names, space, space.labels)
    own, claimed = space.row["own"], space.row["claimed"]
    cosines = violin.direct(["violin"])[0]
    evidence = -np.log1p(-violin.similarities(["violin"], 5.0)[0])  # undoes the saturation
    assert cosines[claimed] > 0
    share = (evidence[claimed] / evidence[own]) / (cosines[claimed] / cosines[own]) ** 1.5
    assert 3**-0.5 < share < 0.75  # two others claim it nearly as much


def test_nothing_is_found_where_no_words_are_shared(
    vocabulary: Vocabulary, story: MakeStory
) -> None:
    ranker = Ranker([story("s", "zzyzx qwfp")], vocabulary=vocabulary, settings=BY_INTERESTS)
    [found] = ranker.rank(
        [Reader("r", (), {"Security": 3})], ListRequest(now=NOW, top=2, as_issue=False)
    )
    assert found.picks == ()


@pytest.mark.parametrize(
    ("topic", "found"),
    [
        ("Artificial Intelligence", "de-ai"), ("Künstliche Intelligenz", "de-ai"),
        ("Security", "pt-security"), ("Cybersicherheit", "pt-security"),
        ("Solar Power", "es-solar"), ("énergie solaire", "es-solar"),
    ],
)  # fmt: skip
def test_a_topic_finds_titles_that_name_it_in_another_language(
    vocabulary: Vocabulary, stream: list[Story], story: MakeStory, topic: str, found: str
) -> None:
    others = [
        story("de-ai", "Wie künstliche Intelligenz die Behörden verändert"),
        story("pt-security", "Cibersegurança: o que muda para as empresas"),
        story("es-solar", "La energía solar bate otro récord"),
        story("fr-other", "Un été à la montagne"),
    ]
    ranker = Ranker([*stream, *others], vocabulary=vocabulary)
    [ranking] = ranker.rank(
        [Reader("r", (), {topic: 3})], ListRequest(now=NOW, top=3, as_issue=False)
    )
    assert found in {pick.story for pick in ranking.picks}


def test_a_name_in_another_language_finds_stories_in_english(
    vocabulary: Vocabulary, stream: list[Story]
) -> None:
    ranker = Ranker(stream, vocabulary=vocabulary)
    names = ("Artificial Intelligence", "Künstliche Intelligenz", "inteligência artificial")
    readers = [Reader("r", (), {name: 3}) for name in names]
    rankings = ranker.rank(readers, ListRequest(now=NOW, top=2, as_issue=False))
    assert [{pick.story for pick in found.picks} for found in rankings] == [{"ai1", "ai2"}] * 3
    assert all(found.picks == rankings[0].picks for found in rankings)


def test_names_in_other_languages_leave_the_texts_as_they_are(vocabulary: Vocabulary) -> None:
    plain = [replace(term, translations=()) for term in vocabulary.topics]
    assert VocabularyIndex(vocabulary.topics).all_texts() == VocabularyIndex(plain).all_texts()
