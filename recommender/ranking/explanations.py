"""Why a story is not in a reader's list, in a few words: the first rule that kept it out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.ranking.duplicates import Duplicates
from recommender.ranking.profiles import Profiles
from recommender.ranking.settings import RankingSettings
from recommender.ranking.values import ListRequest, Ranking, Story
from recommender.ranking.vocabulary_index import VocabularyIndex


@dataclass(frozen=True)
class Choice:
    """What lists are chosen from: ``column`` numbers the candidates by id, and ``carrying`` says
    which of them are about a topic (canonical)."""

    candidates: Sequence[Story]
    column: Mapping[str, int]
    duplicates: Duplicates
    topics: VocabularyIndex
    settings: RankingSettings
    carrying: Callable[[str], npt.NDArray[np.bool_]]


@dataclass(frozen=True)
class Asked:
    """One reader's list, and what it was chosen from."""

    choice: Choice
    ranking: Ranking
    profile: Profiles
    scores: npt.NDArray[np.float32]
    request: ListRequest


def why(asked: Asked, at: int) -> str:
    """Why candidate ``at`` is not in the list, or at which position it is."""
    choice, story = asked.choice, asked.choice.candidates[at]
    for pick in asked.ranking.picks:
        if pick.story == story.id:
            return f"chosen, at position {pick.position}"
    if story.id in asked.request.exclude:
        return "left out for everybody"
    for topic in asked.profile.muted[0]:
        if choice.carrying(topic)[at]:
            return f"about {choice.topics.shown(topic)}, which this reader muted"
    if story.id in asked.profile.answered[0]:
        return "this reader had it before"
    if asked.scores[at] < 0:
        return "nearly the same as a story this reader had before"
    if asked.request.as_issue:
        return _by_rules(asked, at)
    return "others score higher" if asked.scores[at] > 0 else "nothing ties it to this reader"


def _by_rules(asked: Asked, at: int) -> str:
    choice, story = asked.choice, asked.choice.candidates[at]
    settings, score = choice.settings, float(asked.scores[at])
    shown = choice.duplicates.members[choice.duplicates.cluster[at]][0]
    if shown != at:
        return f"nearly the same as “{choice.candidates[shown].title}”, which stands for it"
    if score < settings.relevance_floor:
        return f"scores {score:.3f}, below the relevance floor of {settings.relevance_floor:g}"
    listed = [choice.candidates[choice.column[pick.story]] for pick in asked.ranking.picks]
    if sum(other.article == story.article for other in listed) >= settings.max_per_article:
        return f"{settings.max_per_article} stories of the same article are in already"
    cap = settings.max_per_source
    if cap is not None and sum(other.source == story.source for other in listed) >= cap:
        return f"{cap} stories of the same source are in already"
    lowest = min((pick.score for pick in asked.ranking.picks), default=0.0)
    if score > lowest:
        return "too like what is in already, or its interest has its share"
    return "others score higher"
