"""What an issue would hold with other choices, in milliseconds: a look at what is not saved yet.

Keeps the ranker of the store as it is, and makes another when stories or vocabulary have changed.
It asks the ranker what planning would ask, records nothing, and shares one ranker among threads.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer.edition import edition_ranker, pinned_segments
from mailer.edition.edition_settings import EditionSettings
from mailer.issue.content import StoryContent
from mailer.preview import upcoming
from recommender.articles.catalogue import Catalogue
from recommender.models import Article, Edit, Role, RoleAlias, Story, Subscriber, Topic, TopicAlias
from recommender.ranking.ranker import Ranker
from recommender.ranking.values import ListRequest, Reader, Reason
from recommender.settings import Settings
from recommender.storage import database
from recommender.subscribers import audience

LOOK_AGAIN = timedelta(seconds=5)
"""For so long the store is taken to be as it was."""
KEEP = timedelta(hours=1)
"""Stories come to be published, and too old, without any change in the store."""
MOST_AT_ONCE = 8
"""Previews that are worked on, or wait for the first ranker."""
STRANGER = "0"
"""The id of a reader who is not in the store."""


@dataclass(frozen=True)
class LivePreview:
    """One story of an issue that is not planned yet, and why it would be in it."""

    story: StoryContent
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class _RankerState:
    """A ranker, of which store, and since when."""

    state: tuple[object, ...]
    made_at: datetime
    ranker: Ranker
    stories: Catalogue
    edition_settings: EditionSettings


class LivePreviews:
    """Previews for one newsletter. Safe to share between threads: one makes a new ranker when the
    store has changed, while the others go on with the one before; each asks for milliseconds."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self._settings = settings
        self._asking = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._making = threading.Lock()
        self._ranking = threading.Lock()
        self._kept: _RankerState | None = None
        self._looked_at: datetime | None = None

    def picks(
        self,
        subscriber: Subscriber | None,
        *,
        roles: Sequence[str],
        topics: Mapping[str, float],
        languages: Sequence[str] | None = None,
        now: datetime,
    ) -> list[LivePreview] | None:
        """The issue of ``subscriber``, or of a stranger, if these were their choices; without
        ``languages`` those they have. None when too many ask at once: the threads that wait here
        are missing elsewhere."""
        if not self._asking.acquire(blocking=False):
            return None
        try:
            with database.reading(self._engine) as session:
                latest = self._current(session, now)
                reader, period = self._reader(session, latest.ranker, subscriber, now)
            wanted = replace(reader, roles=tuple(roles), topics=dict(topics))
            if languages is not None:
                wanted = replace(wanted, languages=tuple(languages))
            with self._ranking:
                [ranking] = latest.ranker.rank(
                    [wanted],
                    ListRequest(
                        now=now,
                        top=latest.edition_settings.picks,
                        seed=f"{self._settings.newsletter}-{period}",
                    ),
                )
        finally:
            self._asking.release()
        documents = latest.stories.documents
        return [
            LivePreview(StoryContent.from_document(documents[pick.story]), pick.reasons)
            for pick in ranking.picks
        ]

    def _reader(
        self, session: Session, ranker: Ranker, subscriber: Subscriber | None, now: datetime
    ) -> tuple[Reader, str]:
        if subscriber is None:
            return Reader(STRANGER), upcoming.current_period(self._settings, now)
        [member] = pinned_segments.members(
            session, ranker, [audience.member(session, subscriber)], now
        )
        return member.reader, upcoming.next_period(session, self._settings, subscriber, now)

    def _current(self, session: Session, now: datetime) -> _RankerState:
        latest = self._kept
        if latest is not None and not self._making.acquire(blocking=False):
            return latest  # somebody is making a new one
        if latest is None:
            self._making.acquire()
        try:
            return self._renewed(session, now)
        finally:
            self._making.release()

    def _renewed(self, session: Session, now: datetime) -> _RankerState:
        latest, looked_at = self._kept, self._looked_at
        if latest is not None and looked_at is not None and abs(now - looked_at) < LOOK_AGAIN:
            return latest
        state = _state(session)
        if latest is None or latest.state != state or abs(now - latest.made_at) > KEEP:
            edition_settings = EditionSettings.of(self._settings)
            ranker, stories = edition_ranker.ranker_for(
                session, edition_settings, now, newsletter=self._settings.newsletter
            )
            latest = _RankerState(state, now, ranker, stories, edition_settings)
        self._kept, self._looked_at = latest, now
        return latest


def _state(session: Session) -> tuple[object, ...]:
    """What differs whenever a ranker made anew would differ."""
    return (
        *session.execute(
            sa.select(
                sa.func.count(Article.id),
                sa.func.max(Article.updated_at),
                sa.func.count(Article.withdrawn_at),
            )
        ).one(),
        *session.execute(sa.select(sa.func.max(Story.id), sa.func.count(Story.retired_at))).one(),
        *session.execute(sa.select(sa.func.max(Edit.id), sa.func.count(Edit.ended_at))).one(),
        *(
            session.scalar(sa.select(sa.func.count()).select_from(table))
            for table in (Topic, TopicAlias, Role, RoleAlias)
        ),
    )
