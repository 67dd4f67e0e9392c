"""Why a story is not in a reader's list, in a few words: the first rule that kept it out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.ranking.duplicates import Duplicates
from recommender.ranking.profiles import Profiles
from recommender.ranking.settings import RankingSettings
from recommender.ranking.story_languages import StoryLanguages
from recommender.ranking.values import ListRequest, Ranking, Reader, Story
from recommender.ranking.vocabulary_index import VocabularyIndex


@dataclass(frozen=True)
class CandidatePool:
    """What lists are chosen from: ``column`` numbers the candidates by id, and ``carrying`` says
    which of them are about a topic (canonical)."""

    candidates: Sequence[Story]
    column: Mapping[str, int]
    duplicates: Duplicates
    topics: VocabularyIndex
    settings: RankingSettings
    carrying: Callable[[str], npt.NDArray[np.bool_]]
    languages: StoryLanguages


@dataclass(frozen=True)
class ReaderList:
    """One reader's list, and what it was chosen from."""

    pool: CandidatePool
    reader: Reader
    ranking: Ranking
    profile: Profiles
    scores: npt.NDArray[np.float32]
    request: ListRequest


def why(reader_list: ReaderList, at: int) -> str:
    """Why candidate ``at`` is not in the list, or at which position it is."""
    pool, story = reader_list.pool, reader_list.pool.candidates[at]
    for pick in reader_list.ranking.picks:
        if pick.story == story.id:
            return f"chosen, at position {pick.position}"
    if story.id in reader_list.request.exclude:
        return "left out for everybody"
    if pool.languages.foreign(reader_list.reader.languages)[at]:
        return f"in {pool.languages.shown(at)}, which this reader does not read"
    for topic in reader_list.profile.muted[0]:
        if pool.carrying(topic)[at]:
            return f"about {pool.topics.shown(topic)}, which this reader muted"
    if story.id in reader_list.profile.answered[0]:
        return "this reader had it before"
    if reader_list.scores[at] < 0:
        return "nearly the same as a story this reader had before"
    if reader_list.request.as_issue:
        return _by_rules(reader_list, at)
    return "others score higher" if reader_list.scores[at] > 0 else "nothing ties it to this reader"


def _by_rules(reader_list: ReaderList, at: int) -> str:
    pool, story = reader_list.pool, reader_list.pool.candidates[at]
    settings, score = pool.settings, float(reader_list.scores[at])
    if not pool.candidates[at].makes_a_card:
        return "it has neither text of its own nor a link"
    shown = pool.duplicates.members[pool.duplicates.cluster[at]][0]
    if shown != at:
        return f"nearly the same as “{pool.candidates[shown].title}”, which stands for it"
    if score < settings.relevance_floor:
        return f"scores {score:.3f}, below the relevance floor of {settings.relevance_floor:g}"
    listed = [pool.candidates[pool.column[pick.story]] for pick in reader_list.ranking.picks]
    if sum(other.article == story.article for other in listed) >= settings.stories_per_digest:
        return f"{settings.stories_per_digest} stories of the same article are in already"
    cap = settings.max_per_source
    if cap is not None and sum(other.source == story.source for other in listed) >= cap:
        return f"{cap} stories of the same source are in already"
    lowest = min((pick.score for pick in reader_list.ranking.picks), default=0.0)
    if score > lowest:
        return "too like what is in already, or its interest has its share"
    return "others score higher"
