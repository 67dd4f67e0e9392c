"""What a delivery keeps of a choice: the picks with their reasons, and what its copy shows of the
reader. Written once by planning, read by everything that makes the copy again.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from mailer.issue.composition import ReaderView, Shown
from mailer.issue.wording import lead_reason
from recommender.ranking.values import Pick, Reason, ReasonKind
from recommender.storage import json_columns
from recommender.subscribers.audience import Member

Document = dict[str, object]


def pick_document(pick: Pick) -> Document:
    """A pick as the delivery keeps it."""
    return document(
        int(pick.story),
        pick.position,
        pick.score,
        [(reason.kind, reason.detail, round(reason.share, 4)) for reason in pick.reasons],
        [int(story) for story in pick.also],
        pick.propensity,
    )


def document(
    story: int,
    position: int,
    score: float,
    reasons: Sequence[tuple[str, str, float]],
    also: list[int],
    propensity: float | None,
) -> Document:
    """The same, of a pick in parts. ``reasons`` are kinds, details and shares."""
    return {
        "story": story,
        "position": position,
        "score": round(score, 6),
        "reasons": reasons,
        "also": also,
        "propensity": propensity,
    }


def pick_of(document: Mapping[str, Any]) -> Pick:
    """The pick a delivery kept."""
    reasons = document["reasons"]
    also = document["also"]
    if not isinstance(reasons, list) or not isinstance(also, list):
        raise TypeError("a kept pick has no list of reasons")
    return Pick(
        story=str(document["story"]),
        position=int(document["position"]),
        score=float(document["score"]),
        reasons=tuple([Reason(kind, detail, share) for kind, detail, share in reasons]),
        also=tuple(map(str, also)),
        propensity=None,
    )


class _Pick(msgspec.Struct, gc=False):
    """What a copy shows of a pick that was kept: less than all."""

    story: int
    reasons: tuple[tuple[ReasonKind, str, float], ...]
    also: tuple[int, ...]


class _Reader(msgspec.Struct, gc=False):
    name: str | None = ""
    locale: str | None = None
    roles: tuple[str, ...] = ()
    topics: dict[str, float] = {}


_picks, _reader = json_columns.reader(tuple[_Pick, ...]), json_columns.reader(_Reader)


def picks_shown(picks: str) -> list[Shown]:
    """What a copy shows of the picks in this document; ValueError when it is none of ours. Made for
    every copy that is sent, where ``pick_of`` serves those that are looked at."""
    return [
        (
            str(pick.story),
            lead_reason(pick.reasons),
            tuple(map(str, pick.also)) if pick.also else (),
        )
        for pick in _picks(picks)
    ]


def reader_shown(reader: str) -> ReaderView:
    """The reader in this document; ValueError when it is none of ours."""
    found = _reader(reader)
    return ReaderView(found.name or "", found.locale, found.roles, found.topics)


def reader_document(member: Member) -> Document:
    """What of the reader their copy shows, frozen with it."""
    return {
        "name": member.name,
        "locale": member.locale,
        "roles": list(member.reader.roles),
        "topics": dict(member.reader.topics),
    }


def reader_of(document: Mapping[str, object]) -> ReaderView:
    """The reader as a delivery kept them."""
    roles, topics, locale = document.get("roles"), document.get("topics"), document.get("locale")
    return ReaderView(
        name=str(document.get("name") or ""),
        locale=locale if isinstance(locale, str) else None,
        roles=tuple(roles) if isinstance(roles, list) else (),
        topics=topics if isinstance(topics, dict) else {},
    )
