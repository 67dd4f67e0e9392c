"""What a pin costs: how many readers get the story by it, and which story each of them loses.

The ranker is asked twice, with the pin and without: for everybody or, of many readers, a sample.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.edition import edition_ranker, pinned_segments, planning, shards
from mailer.edition.edition_settings import EditionSettings
from recommender import segments
from recommender.models import Subscriber
from recommender.ranking.values import ListRequest
from recommender.settings import Settings
from recommender.subscribers import audience

SAMPLE = 2_000
"""Readers who are asked about at most."""
SPREAD = 104_729
"""A prime: which readers are asked has nothing to do with the order in which they came."""
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")


SEVERAL = "several"
"""Instead of a position: who loses more than one story."""


@dataclass(frozen=True)
class PinCost:
    """Of ``sample`` of the ``readers``, so many get the story, and got it ``before`` the pin. The
    others who get it now are counted once each: by the position of the story they lose for it,
    under ``SEVERAL``, or under None when they lose none."""

    readers: int
    sample: int
    get_it: int
    before: int
    lose: Mapping[int | str | None, int]

    def document(self) -> dict[str, object]:
        """The cost for a machine; numbers are of the sample, those of ``lose`` add up to ``get_it``
        less ``before``."""
        named = {"none" if key is None else str(key): number for key, number in self._lost()}
        return {
            "readers": self.readers,
            "sample": self.sample,
            "get_it": self.get_it,
            "before": self.before,
            "lose": named,
        }

    def sentence(self) -> str:
        """``400 of 1,000 readers get it, 88 did before; of the other 312, 311 lose their third
        story, 1 loses none``. Of a sample all are estimates, and add up too."""
        get_it, before = self._all(self.get_it), self._all(self.before)
        about = "" if self.sample == self.readers else "about "
        earlier = f"{about}{before:,}" if before else "none"
        said = (
            f"{about}{get_it:,} of {_readers(self.readers)} {_verb(get_it, 'get')} it, "
            f"{earlier} did before"
        )
        if lost := [(key, number) for key, number in self._shares(get_it - before) if number]:
            parts = ", ".join(f"{number:,} {_loss(key, number)}" for key, number in lost)
            others = f"of the other {get_it - before:,}," if before else "of them,"
            if len(lost) == 1:
                others, parts = ("the other", parts) if before else ("each", _loss(lost[0][0], 1))
            said += f"; {others} {parts}"
        if about:
            said += f" (estimated from {self.sample:,} readers)"
        return said

    def _lost(self) -> list[tuple[int | str | None, int]]:
        """The losses, the most frequent first, who loses nothing last."""
        return sorted(
            self.lose.items(),
            key=lambda item: (item[0] is None, -item[1], str(item[0])),
        )

    def _all(self, number: int) -> int:
        """So many of the sample, of all readers."""
        return round(number * self.readers / max(1, self.sample))

    def _shares(self, total: int) -> list[tuple[int | str | None, int]]:
        """The losses of all readers: whole numbers that add up to ``total`` (largest remainder)."""
        lost, counted = self._lost(), max(1, sum(self.lose.values()))
        exact = [number * total / counted for _, number in lost]
        whole = [int(share) for share in exact]
        order = sorted(range(len(lost)), key=lambda at: (whole[at] - exact[at], at))
        for at in order[: total - sum(whole)]:
            whole[at] += 1
        return [(key, number) for (key, _), number in zip(lost, whole, strict=True)]


def _readers(number: int) -> str:
    return f"{number:,} {'reader' if number == 1 else 'readers'}"


def _verb(number: int, verb: str) -> str:
    return f"{verb}s" if number == 1 else verb


def _loss(key: int | str | None, number: int) -> str:
    match key:
        case None:
            what = "none"
        case int():
            what = f"their {_ordinal(key)} story"
        case _:
            what = "more than one story"
    return f"{_verb(number, 'lose')} {what}"


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
    ranker, _ = edition_ranker.ranker_for(
        session, edition_settings, now, newsletter=newsletter.name, period=period
    )
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
    pinned = ListRequest(now=now, top=edition_settings.picks, seed=f"{newsletter.name}-{period}")
    unpinned = replace(pinned, unpinned=frozenset([str(story_id)]))
    before, after = ranker.compared([one.reader for one in members], [unpinned, pinned])
    wanted = ranker.column[str(story_id)]
    lose: Counter[int | str | None] = Counter()
    for old, new in zip(before, after, strict=True):
        if wanted in new and wanted not in old:
            gone = [at for at, story in enumerate(old, 1) if story not in new]
            lose[SEVERAL if len(gone) > 1 else gone[0] if gone else None] += 1
    return PinCost(
        readers,
        len(members),
        sum(wanted in stories for stories in after),
        sum(wanted in stories for stories in before),
        lose,
    )
