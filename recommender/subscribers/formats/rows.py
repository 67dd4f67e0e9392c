"""Puts together what one row of a list says of a reader, as ``fields.draft`` takes it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from recommender.models import Status
from recommender.safety import spreadsheets
from recommender.subscribers import cells as cell_lists
from recommender.subscribers import fields, pasted
from recommender.subscribers.field_kinds import MAX_ATTRIBUTES, MAX_TEXT, json_object
from recommender.subscribers.fields import FIELDS, Consent, SubscriberDraft
from recommender.subscribers.formats import headers, words
from recommender.subscribers.formats.headers import EMAIL, FIRST, LAST, NAME, key
from recommender.subscribers.formats.mapping import ColumnMapping

_BY_NAME = {one.name: one for one in FIELDS}
_OPTIONAL = frozenset({"timezone", "locale", "languages", "frequency", "day", "hour"})
"""Fields whose values, where they mean nothing to us, cost no reader their place."""
_NAMES = frozenset({NAME, FIRST, LAST})
_NOTHING = frozenset({"NULL", "\\N", "#N/A", "(null)", "NaN"})
_GONE = {
    headers.COMPLAINED: Status.COMPLAINED,
    headers.BOUNCED: Status.BOUNCED,
    headers.UNSUBSCRIBED: Status.UNSUBSCRIBED,
}
"""The weightier first."""
_SINCE = {headers.CONSENT_AT: "at", headers.CONFIRMED_AT: "confirmed_at"}
_FROM = {headers.CONSENT_ADDRESS: "address", headers.CONFIRMED_ADDRESS: "confirmed_address"}


def as_meant(cell: str) -> str:
    """A cell without what keeps a spreadsheet from computing it: an apostrophe, or ``="…"``."""
    if cell[:1] == "=" and cell[1:2] == cell[-1:] == '"':
        return cell[2:-1].strip()
    return spreadsheets.unescape(cell) if cell[:1] == "'" else cell


@dataclass
class _Row:
    """What has been read of one row so far. ``since``: when each status began that a column names;
    ``refused``, ``unconfirmed``: that a column of yes and no says no."""

    values: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    consent: dict[str, Any] = field(default_factory=dict)
    status: Status | None = None
    gone: dict[str, datetime | None] = field(default_factory=dict)
    refused: bool = False
    unconfirmed: bool = False
    warnings: list[str] = field(default_factory=list)


def draft(line: int, cells: Sequence[str], mapping: ColumnMapping) -> SubscriberDraft:
    """The row as a checked draft; ValueError names what is wrong."""
    said = [
        (name, one, as_meant(cell.strip()))
        for name, one, cell in zip(mapping.header, mapping.fields, cells, strict=False)
        if one and cell and not cell.isspace()
    ]
    if mapping.own:
        return _of_ours(line, said, mapping)
    row = _Row()
    for name, one, cell in said:
        if cell and (cell not in _NOTHING or one in _NAMES):
            _take(row, name, one, cell, mapping)
    if row.attributes:
        _shorten(row)
        row.values["attributes"] = row.attributes
    _name(row)
    status = _status(row, mapping)
    left = next((row.gone[one] for one in _GONE if one in row.gone), None)
    service = mapping.service.name if mapping.service else None
    consent = Consent(**row.consent, left_at=left, service=service, elsewhere=True)
    values = row.values | {"status": status}
    return fields.draft(line, values, consent=consent, warnings=tuple(row.warnings))


def _of_ours(
    line: int, said: Sequence[tuple[str, str, str]], mapping: ColumnMapping
) -> SubscriberDraft:
    """A row of a file with our columns alone: what cannot be read is refused, not put aside."""
    values: dict[str, Any] = {}
    for _, one, cell in said:
        if one == "status":
            values[one] = _word(cell, mapping)
        elif cell:
            values[one] = cell if one == EMAIL else _BY_NAME[one].kind.from_cell(cell)
    values.setdefault("status", mapping.status)
    if name := pasted.name(values.get(EMAIL, "")):
        values.setdefault(NAME, name)
    return fields.draft(line, values)


def _take(row: _Row, name: str, one: str, cell: str, mapping: ColumnMapping) -> None:
    part, _, rest = one.partition(".")
    if part == "attributes":
        _attribute(row, name, rest, cell)
    elif part == "consent":
        _consent(row, one, name, cell)
    elif one in _GONE:
        if words.yes(cell) is not False:
            row.gone[one] = words.moment(cell)
    elif one in (headers.SUBSCRIBED, headers.CONFIRMED):
        _whether(row, name, one, cell)
    elif one == "status":
        row.status = _word(cell, mapping)
    elif one in _OPTIONAL:
        kind = _BY_NAME[one].kind
        try:
            row.values[one] = kind.check(one, kind.from_cell(cell))
        except ValueError as error:
            _aside(row, name, cell, str(error))
    elif one in _NAMES:
        row.values[one] = " ".join(cell.split())
    else:
        row.values[one] = cell if one == EMAIL else _BY_NAME[one].kind.from_cell(cell)


def _attribute(row: _Row, name: str, rest: str, cell: str) -> None:
    if not rest:
        try:
            row.attributes |= json_object(cell)
        except ValueError as error:
            _aside(row, name, cell, f"attributes: {error}")
    elif f"attributes.{rest}" == headers.TAGS:
        row.attributes[rest] = cell_lists.names(cell)
    elif f"attributes.{rest}" == headers.COUNTRY and len(cell) == 2:
        row.attributes[rest] = cell.upper()  # ISO 3166-1 alpha-2
    else:
        row.attributes[rest] = cell


def _aside(row: _Row, name: str, cell: str, why: str) -> None:
    """Keep what cannot be read as its field as an attribute, and say so."""
    attribute = headers.snake_case(name) or "column"
    row.attributes.setdefault(attribute, cell)
    row.warnings.append(f"{why}; kept as the attribute {attribute!r}")


def _consent(row: _Row, one: str, name: str, cell: str) -> None:
    found = words.moment(cell) if one in _SINCE else words.address(cell)
    if found is None:
        what = "time" if one in _SINCE else "address"
        _aside(row, name, cell, f"{one}: {cell[:40]!r} is no {what} that can be read")
    else:
        row.consent[_SINCE.get(one) or _FROM[one]] = found


def _whether(row: _Row, name: str, one: str, cell: str) -> None:
    """Whether somebody is subscribed, or has confirmed it: yes, no, a status, or since when."""
    says, status, at = words.yes(cell), words.STATUSES.get(key(cell)), words.moment(cell)
    if says is False and one == headers.CONFIRMED:
        row.unconfirmed = True
    elif says is False:
        row.refused = True
    elif says is None and status is not None:
        row.status = row.status or status
    elif says is None and at is not None:
        row.consent.setdefault("at" if one == headers.SUBSCRIBED else "confirmed_at", at)
    elif says is None:
        raise ValueError(f"{name}: {cell[:40]!r} is neither yes nor no")


def _word(cell: str, mapping: ColumnMapping) -> Status:
    special = mapping.service.statuses if mapping.service else {}
    found = special.get(key(cell)) or words.STATUSES.get(key(cell))
    if found is None:
        known = ", ".join(Status)
        why = f"status: {cell[:40]!r} is no word for a status that we know; ours are {known}"
        raise ValueError(why)
    return found


def _name(row: _Row) -> None:
    first, last = row.values.pop(FIRST, ""), row.values.pop(LAST, "")
    joined = row.values.get(NAME) or f"{first} {last}".strip()
    joined = joined or pasted.name(row.values.get(EMAIL, ""))
    shown = "".join(letter for letter in joined if letter.isprintable())
    if len(shown) > MAX_TEXT:
        row.warnings.append(f"name: longer than {MAX_TEXT} characters; the rest is left out")
    if shown:
        row.values[NAME] = shown[:MAX_TEXT]


def _shorten(row: _Row) -> None:
    """Leave out the longest attributes where there are more than the store takes."""
    if sum(len(name) + len(str(one)) for name, one in row.attributes.items()) < 1_000:
        return  # as JSON a character is six at the most
    lengths = {name: len(json.dumps([name, one])) for name, one in row.attributes.items()}
    while sum(lengths.values()) > MAX_ATTRIBUTES:
        longest = max(lengths, key=lambda name: lengths[name])
        del lengths[longest], row.attributes[longest]
        row.warnings.append(f"attributes: {longest!r} is too long; it is left out")


def _status(row: _Row, mapping: ColumnMapping) -> Status | None:
    """Who has left by any of the columns has left."""
    for one, status in _GONE.items():
        if one in row.gone:
            return status
    if row.refused and row.status in (None, Status.ACTIVE, Status.PENDING):
        return Status.UNSUBSCRIBED
    if row.unconfirmed and row.status in (None, Status.ACTIVE):
        return Status.PENDING
    return row.status or mapping.status
