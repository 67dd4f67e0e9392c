"""What every shard of an edition is planned with: its settings, and the ranker over its candidates.

Made once in a process and kept; what is chosen here is written by others.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer.edition import house_digest, interleaving
from mailer.edition.arms import Arm, Draw
from mailer.edition.arms import key as arm_key
from mailer.edition.edition_settings import EditionSettings
from recommender.articles.catalogue import Catalogue
from recommender.models import Edition
from recommender.ranking import knobs as ranking_knobs
from recommender.ranking.settings import ProfileSettings, RankingSettings
from recommender.ranking.values import ListRequest, Reader
from recommender.storage import database, json_columns
from recommender.subscribers.audience import Member

if TYPE_CHECKING:
    from mailer.edition.pick_documents import Choice, PickDocuments
    from recommender.ranking.ranker import Ranker


def ranker_for(
    session: Session,
    edition_settings: EditionSettings,
    now: datetime,
    *,
    newsletter: str | None = None,
    period: str | None = None,
    edition_id: int | None = None,
    knobs: str = "",
) -> "tuple[Ranker, Catalogue]":
    """The ranker over the stories of the store as of ``now``, and those stories; with
    ``edition_id`` over the candidates of that edition, whose ``newsletter`` and ``period`` say what
    is pinned in it. ``knobs`` are
    settings of the ranker that are other than usual (``recommender.ranking.knobs``)."""
    # Here, for its libraries take most of a second to load, and whoever only sends, or looks at
    # editions, does without.
    from recommender.articles import store_ranker

    settings = RankingSettings(
        relevance_floor=edition_settings.relevance_floor,
        stories_per_digest=edition_settings.stories_per_digest,
        vary=edition_settings.vary_positions,
        profile=ProfileSettings(fallback=edition_settings.fallback),
    )
    return store_ranker.make(
        session,
        ranking_knobs.changed(settings, f"{edition_settings.ranker}, {knobs}"),
        now=now,
        horizon_days=edition_settings.horizon_days,
        newsletter=newsletter,
        period=period,
        edition_id=edition_id,
    )


@dataclass(frozen=True)
class EditionRanker:
    """What every shard of an edition is planned with. ``arms`` are the rankers of those arms that
    have one of their own, ``draw`` says who is in which; without it nothing is compared."""

    edition: Edition
    settings: EditionSettings
    ranker: "Ranker"
    arms: "Mapping[Arm, Ranker]" = field(default_factory=dict)
    draw: Draw | None = None

    def choose(self, members: Sequence[Member]) -> "list[Choice]":
        """What is chosen for each of ``members``."""
        chosen: dict[int, Choice] = {}
        groups: dict[Arm | None, list[Member]] = {}
        for member in members:
            groups.setdefault(self.arm(member), []).append(member)
        for arm, theirs in groups.items():
            lists = self._both(theirs) if arm == Arm.BOTH else self._lists(arm, theirs)
            chosen.update(zip([member.id for member in theirs], lists, strict=True))
        return [chosen[member.id] for member in members]

    def arm(self, member: Member) -> Arm | None:
        """By what a reader's picks are chosen."""
        return None if self.draw is None else self.draw.arm(member.id)

    def tries(self, member: Member) -> int | None:
        """Which of several subjects a reader tries; None: none."""
        return None if self.draw is None else self.draw.subject(member.id)

    def of(self, member: Member) -> "tuple[Ranker, Reader]":
        """The ranker that chooses for a reader, and the reader as it sees them; of two rankers the
        first."""
        arm = self.arm(member)
        reader = house_digest.reader(member.reader) if arm == Arm.HOUSE else member.reader
        return self._ranker(Arm.A if arm == Arm.BOTH else arm), reader

    @property
    def request(self) -> ListRequest:
        return ListRequest(
            now=self.edition.planned_at, top=self.settings.picks, seed=self.edition.name
        )

    def _ranker(self, arm: Arm | None) -> "Ranker":
        return self.ranker if arm is None else self.arms.get(arm, self.ranker)

    def _lists(self, arm: Arm | None, members: Sequence[Member]) -> "list[Choice]":
        readers = [member.reader for member in members]
        if arm == Arm.HOUSE:
            readers = [house_digest.reader(one) for one in readers]
        ranked = self._ranker(arm).ranked(readers, self.request)
        return self._documents.get(arm, self._documents[None]).of(ranked)

    @cached_property
    def _documents(self) -> "dict[Arm | None, PickDocuments]":
        from mailer.edition.pick_documents import PickDocuments

        made: dict[Arm | None, PickDocuments] = {None: PickDocuments(self.ranker)}
        made.update((arm, PickDocuments(ranker)) for arm, ranker in self.arms.items())
        return made

    def _both(self, members: Sequence[Member]) -> "list[Choice]":
        """Both settings in one issue."""
        from mailer.edition.pick_documents import Choice

        lists = zip(*(self._lists(arm, members) for arm in (Arm.A, Arm.B)), strict=True)
        ranker, found = self._ranker(Arm.A), []
        for member, (a, b) in zip(members, lists, strict=True):
            picks = interleaving.interleave(
                ranker,
                json_columns.load(a.picks),
                json_columns.load(b.picks),
                self.request,
                member.reader.id,
            )
            stories = [int(str(pick["story"])) for pick in picks]
            found.append(Choice(stories, json_columns.Text(json_columns.dump(picks).encode())))
        return found


def opened(
    session: Session,
    edition: Edition,
    edition_settings: EditionSettings,
    *,
    edition_id: int | None = None,
) -> "tuple[EditionRanker, Catalogue]":
    """What ``edition``, planned or to be planned (without ``edition_id``), is planned with, and its
    stories."""

    def ranker(knobs: str) -> "tuple[Ranker, Catalogue]":
        return ranker_for(
            session, edition_settings, edition.planned_at, newsletter=edition.newsletter.name,
            period=edition.period, edition_id=edition_id, knobs=knobs,
        )  # fmt: skip

    usual, stories = ranker("")
    experiment = edition_settings.ranker_experiment
    arms = {}
    for arm, knobs in ((Arm.A, experiment.a), (Arm.B, experiment.b)) if experiment else ():
        if knobs:
            arms[arm] = ranker(knobs)[0]
    draw = None
    if edition_settings.holdout or edition_settings.experiments:
        draw = Draw(arm_key(session), edition.newsletter_id, edition_settings)
    return EditionRanker(edition, edition_settings, usual, arms, draw), stories


class EditionRankers:
    """The rankers of this process: an edition's stories are read and prepared once. Safe to share
    between threads."""

    KEPT = 2

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._known: dict[int, EditionRanker] = {}

    def of(self, edition_id: int) -> EditionRanker:
        with self._lock:
            ranker = self._known.pop(edition_id, None) or self._open(edition_id)
            self._known[edition_id] = ranker
            for oldest in list(self._known)[: -self.KEPT]:
                del self._known[oldest]
            return ranker

    def _open(self, edition_id: int) -> EditionRanker:
        with database.reading(self._engine) as session:
            edition = session.get_one(Edition, edition_id, options=[sa.orm.joinedload("*")])
            edition_settings = EditionSettings(**edition.settings)
            ranker, _ = opened(session, edition, edition_settings, edition_id=edition_id)
            session.expunge_all()
        return ranker
