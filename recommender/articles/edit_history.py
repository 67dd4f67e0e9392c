"""Who changed what of a story, when, and from what to what: its edits in words, for people to read.

A row of ``edits`` holds what was said and when it ended; a change is its beginning or its end. What
the source said before the first edit is not kept, so it is told as it is now.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from recommender.articles import edit_values, edits, story_edits
from recommender.articles.story_edits import Pin
from recommender.models import Edit, EditKind, Story

LABELS: Mapping[EditKind, str] = {
    EditKind.TITLE: "Title",
    EditKind.SUMMARY: "Summary",
    EditKind.TAKEAWAY: "Key takeaway",
    EditKind.INSIGHTS: "Key insights",
    EditKind.PRINCIPLES: "Principles",
    EditKind.PRACTICE: "In practice",
    EditKind.CODE_REFERENCES: "Code references",
    EditKind.IMAGE: "Picture",
    EditKind.TOPICS: "Topics",
    EditKind.ROLES: "Best for",
    EditKind.URL: "Link",
    EditKind.NOT_BEFORE: "Not before",
    EditKind.NOT_AFTER: "Not after",
}
"""Kinds of edits that give a field a value, as editors see them."""
MOST_SHOWN = 100
"""Characters of a text in a sentence."""


@dataclass(frozen=True)
class Change:
    """``what`` names a field whose text became ``after`` instead of ``before`` ('': there was
    none), or says all of it where both are None. ``of_source`` tells which of the two is the
    source's text, if one is: ``before`` or ``after``."""

    what: str
    before: str | None = None
    after: str | None = None
    of_source: str = ""

    def sentence(self) -> str:
        """On one line, long texts cut: ``Title: “Five gens” → “Five TPUs”``."""
        if self.before is None or self.after is None:
            return self.what
        texts = [self._side("before", self.before), self._side("after", self.after)]
        return f"{self.what}: {' → '.join(texts)}"

    def _side(self, name: str, text: str) -> str:
        line = " · ".join(text.splitlines())
        line = line if len(line) <= MOST_SHOWN else f"{line[:MOST_SHOWN].rstrip()}…"
        words = f"“{line}”" if text else "nothing"
        return f"{words} (source)" if self.of_source == name else words


@dataclass(frozen=True)
class Entry:
    """What somebody changed at one moment."""

    at: datetime
    by: str
    changes: Sequence[Change]


def of(session: Session, story: Story, zone: ZoneInfo) -> list[Entry]:
    """All changes of a story, the latest first; moments are told on the clocks of ``zone``."""
    rows, source = edits.history(session, story.id), edits.source(story)
    told: list[_Told] = []
    for at, row in enumerate(rows):
        before = _replaced(rows[:at], row)
        change = _made(row, before, source, zone)
        told.append(_Told(row.made_at, row.made_by, row.kind, change))
        if row.ended_at is not None and not any(_replaced([row], one) for one in rows[at + 1 :]):
            ended = _ended(row, source, zone)
            told.append(_Told(row.ended_at, row.ended_by or "", row.kind, ended))
    return _entries(sorted(told, key=lambda one: one.at))[::-1]


class _Told(NamedTuple):
    at: datetime
    by: str
    kind: EditKind
    change: Change


def _entries(told: Sequence[_Told]) -> list[Entry]:
    """What one person changed at one moment is an entry; who changes a field twice at it does so
    one after the other."""
    entries: list[list[_Told]] = []
    for one in told:
        last = entries[-1] if entries else []
        same = bool(last) and (last[0].at, last[0].by) == (one.at, one.by)
        if same and one.kind not in [other.kind for other in last]:
            last.append(one)
        else:
            entries.append([one])
    return [Entry(these[0].at, these[0].by, [one.change for one in these]) for these in entries]


def _replaced(rows: Sequence[Edit], row: Edit) -> Edit | None:
    """The row whose place ``row`` took when it was made."""
    same = (one for one in rows if (one.kind, _pin(one)) == (row.kind, _pin(row)))
    return next((one for one in same if one.ended_at == row.made_at), None)


def _pin(row: Edit) -> Pin:
    return Pin(row.period, row.segment, row.newsletter)


def _made(row: Edit, before: Edit | None, source: Mapping[EditKind, Any], zone: ZoneInfo) -> Change:
    if row.kind == EditKind.PIN:
        return Change(_capital(_pin(row).words()))
    if row.kind == EditKind.HOLD:
        until = "" if row.value is None else f" until {_text(row, zone)}"
        return Change(f"Held{until}")
    if before is None:
        old = _source(row.kind, source, zone)
        return Change(LABELS[row.kind], old, _text(row, zone), _of_source("before", row, source))
    return Change(LABELS[row.kind], _text(before, zone), _text(row, zone))


def _ended(row: Edit, source: Mapping[EditKind, Any], zone: ZoneInfo) -> Change:
    if row.kind == EditKind.PIN:
        return Change(f"No longer {_pin(row).words()}")
    if row.kind == EditKind.HOLD:
        return Change("Released from its hold")
    new = _source(row.kind, source, zone)
    return Change(LABELS[row.kind], _text(row, zone), new, _of_source("after", row, source))


def _source(kind: EditKind, source: Mapping[EditKind, Any], zone: ZoneInfo) -> str:
    value = source.get(kind)
    return edit_values.typed(kind, value, zone) if value else ""


def _of_source(side: str, row: Edit, source: Mapping[EditKind, Any]) -> str:
    return side if source.get(row.kind) else ""


def _text(row: Edit, zone: ZoneInfo) -> str:
    value = row.value
    if row.kind in (EditKind.HOLD, EditKind.NOT_BEFORE, EditKind.NOT_AFTER):
        moment = datetime.fromisoformat(value).astimezone(zone)
        return f"{moment:%Y-%m-%d %H:%M}"
    value = story_edits.part(row.kind, value) if row.kind in story_edits.PARTS else value
    return edit_values.typed(row.kind, value, zone) if value else ""


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
