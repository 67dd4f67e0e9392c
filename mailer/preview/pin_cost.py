"""What a pin costs: how many readers get the story by it, and which story each of them loses.

The ranker is asked twice, with the pin and without: for everybody or, of many readers, a sample.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.edition import edition_ranker, pinned_segments, planning, shards
from mailer.edition.edition_settings import EditionSettings
from recommender import segments
from recommender.models import Subscriber
from recommender.ranking.values import ListRequest
from recommender.settings import Settings
from recommender.subscribers import audience
from recommender.subscribers.audience import Member

if TYPE_CHECKING:
    from recommender.ranking.ranker import Ranker

SAMPLE = 2_000
"""Readers who are asked about at most."""
SPREAD = 104_729
"""A prime: which readers are asked has nothing to do with the order in which they came."""
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")


@dataclass(frozen=True)
class PinCost:
    """Of ``sample`` of the ``readers``, so many get the story, got it ``before`` the pin, and lose
    (``lose``, by position) another for it."""

    readers: int
    sample: int
    get_it: int
    before: int
    lose: Mapping[int, int]

    def document(self) -> dict[str, object]:
        """The cost for a machine; numbers are of the sample."""
        return {
            "readers": self.readers,
            "sample": self.sample,
            "get_it": self.get_it,
            "before": self.before,
            "lose": {str(position): number for position, number in sorted(self.lose.items())},
        }

    def sentence(self) -> str:
        """``312 readers lose their third story; 400 of 1,000 get it, 88 did before``."""
        lost = [
            f"{self._all(number)} readers lose their {_ordinal(position)} story"
            for position, number in sorted(self.lose.items(), key=lambda item: (-item[1], item[0]))
        ]
        who = f"{self._all(self.get_it)} of {self.readers:,} get it, {self._all(self.before)} did"
        return "; ".join([", ".join(lost) or "nobody loses a story", f"{who} before"])

    def _all(self, number: int) -> str:
        """So many of the sample, of all readers."""
        if self.sample == self.readers:
            return f"{number:,}"
        return f"about {round(number * self.readers / max(1, self.sample)):,}"


def _ordinal(position: int) -> str:
    return ORDINALS[position - 1] if position <= len(ORDINALS) else f"{position}th"


def cost(
    session: Session,
    settings: Settings,
    story_id: int,
    *,
    period: str,
    now: datetime,
    segment: str | None = None,
) -> PinCost | None:
    """What the pin of a story costs in the edition of ``period``, the readers of ``segment`` (none:
    everybody) who get it; None when the story cannot be chosen in it."""
    newsletter = planning.newsletter_of(session, settings)
    edition_settings = EditionSettings.of(settings)
    ranker, _ = edition_ranker.ranker_for(session, edition_settings, now, period=period)
    if str(story_id) not in ranker.column:
        return None
    everybody = planning.default_segment(session, newsletter)
    theirs = shards.audience_of(session, newsletter.id, everybody, now)
    if segment is not None:
        theirs &= segments.condition(session, segment, now)
    readers = session.scalar(sa.select(sa.func.count(Subscriber.id)).where(theirs)) or 0
    if readers > SAMPLE:
        theirs &= (Subscriber.id * 7_919) % SPREAD < SPREAD * SAMPLE // readers
    members = [
        member
        for batch in audience.batches(session, theirs)
        for member in pinned_segments.members(session, ranker, batch, now)
    ]
    seed = f"{newsletter.name}-{period}"
    after = _lists(ranker, members, ListRequest(now=now, top=edition_settings.picks, seed=seed))
    before = _lists(
        ranker,
        members,
        ListRequest(
            now=now, top=edition_settings.picks, seed=seed, unpinned=frozenset([str(story_id)])
        ),
    )
    wanted = ranker.column[str(story_id)]
    lose: Counter[int] = Counter()
    for old, new in zip(before, after, strict=True):
        if wanted in new and wanted not in old:
            lose.update(at for at, story in enumerate(old, 1) if story not in new)
    return PinCost(
        readers,
        len(members),
        sum(wanted in stories for stories in after),
        sum(wanted in stories for stories in before),
        lose,
    )


def _lists(ranker: "Ranker", members: Sequence[Member], request: ListRequest) -> list[list[int]]:
    """The stories (columns) of each reader, in order."""
    found = ranker.ranked([member.reader for member in members], request)
    lists: list[list[int]] = [[] for _ in members]
    for row, story in zip(found.readers.tolist(), found.stories.tolist(), strict=True):
        lists[row].append(story)
    return lists
