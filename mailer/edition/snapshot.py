"""What a delivery keeps of a choice: the picks with their reasons, and what its copy shows of the
reader. Written once by planning, read by everything that makes the copy again.
"""

from collections.abc import Sequence

import msgspec

from mailer.issue.composition import ReaderView
from recommender.ranking.values import Pick, Reason
from recommender.storage import json_columns
from recommender.subscribers.audience import Member

Document = dict[str, object]


def pick_document(pick: Pick) -> Document:
    """A pick as the delivery keeps it (``pick_documents`` writes those of many readers)."""
    return {
        "story": int(pick.story),
        "position": pick.position,
        "score": round(pick.score, 6),
        "reasons": [
            (reason.kind, reason.detail, round(reason.share, 4)) for reason in pick.reasons
        ],
        "also": [int(story) for story in pick.also],
        "propensity": pick.propensity,
        **({"places": pick.places} if pick.places else {}),
    }


class _Pick(msgspec.Struct, gc=False):
    story: int
    position: int
    score: float
    reasons: tuple[Reason, ...]
    also: tuple[int, ...]


class _Reader(msgspec.Struct, gc=False):
    name: str | None = ""
    locale: str | None = None
    roles: tuple[str, ...] = ()
    topics: dict[str, float] = {}
    segments: tuple[str, ...] = ()
    sponsor: int | None = None
    asked: bool = False
    subject: str = ""


_read_picks, _read_reader = json_columns.reader(tuple[_Pick, ...]), json_columns.reader(_Reader)


def picks(document: str) -> list[Pick]:
    """The picks that a delivery keeps; ValueError when it is no document of ours. Whether a pick
    was drawn to explore, and how likely, is left aside."""
    return [
        Pick(
            str(pick.story),
            pick.position,
            pick.score,
            pick.reasons,
            tuple(map(str, pick.also)) if pick.also else (),
        )
        for pick in _read_picks(document)
    ]


def reader(document: str) -> ReaderView:
    """The reader that a delivery keeps; ValueError when it is no document of ours."""
    kept = _read_reader(document)
    return ReaderView(
        kept.name or "",
        kept.locale,
        kept.roles,
        kept.topics,
        kept.segments,
        kept.sponsor,
        kept.asked,
        kept.subject,
    )


def reader_document(
    member: Member,
    segments: Sequence[str] = (),
    sponsor: int | None = None,
    *,
    asked: bool = False,
    subject: str = "",
) -> Document:
    """What of the reader their copy shows, frozen with it; ``segments`` are those of the edition's
    notes and sponsors that they belong to, ``sponsor`` who is in their copy; ``asked``: it asks
    whether they still want their issues. ``subject`` is its own, where several are tried."""
    belongs: Document = {"segments": list(segments)} if segments else {}
    if sponsor is not None:
        belongs["sponsor"] = sponsor
    return {
        "name": member.name,
        "locale": member.locale,
        "roles": list(member.reader.roles),
        "topics": dict(member.reader.topics),
        **belongs,
        **({"asked": True} if asked else {}),
        **({"subject": subject} if subject else {}),
    }
