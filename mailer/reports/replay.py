"""Past editions ranked anew, by other settings, for the readers who got them; and what that would
have brought. It records nothing.

Every reader is as they were when the edition was planned: what they had been sent and had answered
by then. Their topics and roles are those of now.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from sqlalchemy.orm import Session

from mailer.edition import edition_ranker, house_digest, pinned_segments
from mailer.edition.edition_settings import EditionSettings
from mailer.reports import past_editions
from mailer.reports.past_editions import Copy
from recommender.evaluation import counterfactual
from recommender.evaluation.counterfactual import Bias, Lists, SentPicks, Verdict, Worth
from recommender.models import Edition, Subscriber
from recommender.ranking import knobs
from recommender.ranking.settings import RankingSettings
from recommender.ranking.values import ListRequest
from recommender.storage import bulk
from recommender.subscribers import audience
from recommender.subscribers.audience import Member

TODAY = "settings of now"
HOUSE = house_digest.NAME


@dataclass(frozen=True)
class Replay:
    """What was sent in so many ``editions``, and what each system would have brought."""

    editions: Sequence[str]
    sent: SentPicks
    bias: Bias
    worth: Mapping[str, Sequence[Worth]]
    """By system; one for each η of ``bias.each``."""

    def verdict(self, name: str) -> Verdict:
        """What the data say of a system beside what was sent; undecided where it depends on η."""
        found = {one.verdict for one in self.worth[name]}
        return found.pop() if len(found) == 1 else "undecided"

    def why_undecided(self, name: str) -> str:
        """Why nothing can be said of a system, and what would help; empty if something can."""
        if self.verdict(name) != "undecided":
            return ""
        low, middle, high = self.worth[name]
        if middle.readers < counterfactual.LEAST_READERS:
            return f"only {middle.readers} readers have answered anything"
        if middle.known < counterfactual.ENOUGH:
            return (
                f"only {middle.known:.0%} of what it would have sent was sent, and of the rest "
                "nothing is known; an experiment tells"
            )
        if low.verdict != high.verdict:
            more = "" if self.bias.told else "; vary_positions lets the next editions tell that"
            return f"it depends on how much more the first places are looked at{more}"
        return "the interval holds 0: the difference may be luck"


def replay(
    session: Session,
    editions: Sequence[Edition],
    alternatives: Sequence[str],
    *,
    most: int,
    progress: Callable[[int], None] = lambda _: None,
) -> Replay:
    """``editions`` ranked anew by today's settings, as the house digest, and by ``alternatives``
    (``knobs``), for at most so many readers of each.

    Raises NewsletterError for an alternative that is none.
    """
    settings = {text: knobs.changed(RankingSettings(), text) for text in alternatives}
    log = _Log()
    for number, edition in enumerate(editions, 1):
        log.positions = max(log.positions, EditionSettings(**edition.settings).picks)
        condition = past_editions.sampled(session, edition, most)
        batches = list(past_editions.copies(session, condition))
        for name in (TODAY, HOUSE, *settings):
            _rank(session, edition, batches, name, log)
        for batch in batches:
            log.add_sent(batch)
        progress(number)
    sent = log.sent()
    bias = counterfactual.bias(sent)
    worth = {
        name: [counterfactual.worth(sent, lists, eta) for eta in bias.each]
        for name, lists in log.lists().items()
    }
    return Replay([edition.name for edition in editions], sent, bias, worth)


def _rank(
    session: Session, edition: Edition, batches: Sequence[list[Copy]], name: str, log: "_Log"
) -> None:
    """Rank an edition as the system ``name`` would have done."""
    edition_settings = replace(EditionSettings(**edition.settings), vary_positions=0.0)
    ranker, _ = edition_ranker.ranker_for(
        session,
        edition_settings,
        edition.planned_at,
        newsletter=edition.newsletter.name,
        period=edition.period,
        edition_id=edition.id,
        knobs="" if name in (TODAY, HOUSE) else name,
    )
    request = ListRequest(now=edition.planned_at, top=edition_settings.picks, seed=edition.name)
    for first, batch in log.numbered(batches):
        members = _members(session, edition, batch)
        readers = [
            pinned.reader
            for pinned in pinned_segments.members(
                session, ranker, list(members.values()), edition.planned_at
            )
        ]
        if name == HOUSE:
            readers = [house_digest.reader(one) for one in readers]
        place = {copy.subscriber_id: first + at for at, copy in enumerate(batch)}
        copies = np.array([place[reader] for reader in members], dtype=np.int64)
        found = ranker.ranked(readers, request)
        ids = np.array([int(story.id) for story in ranker.candidates], dtype=np.int64)
        log.add_list(
            name,
            copies[found.readers],
            ids[found.stories] if len(ids) else np.zeros(0, dtype=np.int64),
            found.positions,
            np.nan_to_num(found.propensities, nan=1.0),
        )


def _members(session: Session, edition: Edition, batch: Sequence[Copy]) -> dict[int, Member]:
    """The readers of these copies as they were when the edition was planned, by id."""
    theirs = bulk.among(session, Subscriber.id, [copy.subscriber_id for copy in batch])
    return {
        member.id: member
        for found in audience.batches(session, theirs, as_of=edition.planned_at)
        for member in found
    }


@dataclass
class _Log:
    """Copies and lists while they are gathered, a pick a row. Copies are numbered in the order in
    which they are added."""

    positions: int = 1
    _readers: list[int] = field(default_factory=list)
    _sent: list[tuple[int, int, int, float, tuple[tuple[int, float], ...], bool]] = field(
        default_factory=list
    )
    _lists: dict[str, list[tuple[np.ndarray, ...]]] = field(default_factory=dict)

    def numbered(self, batches: Sequence[list[Copy]]) -> list[tuple[int, list[Copy]]]:
        """Batches with the number that the first copy of each will have."""
        starts = np.cumsum([len(self._readers), *map(len, batches)])
        return list(zip(starts.tolist(), batches, strict=False))

    def add_sent(self, batch: Sequence[Copy]) -> None:
        for copy in batch:
            number = len(self._readers)
            self._readers.append(copy.subscriber_id)
            for pick in copy.picks:
                self.positions = max(self.positions, pick.position)
                chance = 1.0 if pick.propensity is None else pick.propensity
                places = pick.places or ((pick.position, 1.0),)
                answered = pick.story in copy.answered
                self._sent.append((number, pick.story, pick.position, chance, places, answered))

    def add_list(self, name: str, *columns: np.ndarray) -> None:
        self._lists.setdefault(name, []).append(columns)

    def sent(self) -> SentPicks:
        places = np.zeros((len(self._sent), self.positions))
        for row, pick in enumerate(self._sent):
            for position, chance in pick[4]:
                places[row, position - 1] = chance
        _, readers = np.unique(np.array(self._readers, dtype=np.int64), return_inverse=True)
        copies, stories, positions = (
            np.array([pick[at] for pick in self._sent], dtype=np.int64) for at in range(3)
        )
        chances, answered = (
            np.array([pick[at] for pick in self._sent], dtype=np.float64) for at in (3, 5)
        )
        return SentPicks(copies, stories, positions, chances, places, answered, readers)

    def lists(self) -> dict[str, Lists]:
        return {
            name: Lists(*(np.concatenate(column) for column in zip(*parts, strict=True)))
            for name, parts in self._lists.items()
        }
