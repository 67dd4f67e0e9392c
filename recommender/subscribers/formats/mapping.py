"""Which column of a list is which field, and what a row then says of a reader.

Columns are named by hand (``--map``), by the service, by the words everybody uses, or they become
attributes. Where two columns could be one field, the more telling name wins.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from recommender.models import Status
from recommender.subscribers import pasted
from recommender.subscribers.fields import COLUMNS
from recommender.subscribers.formats import headers, services, words
from recommender.subscribers.formats.headers import EMAIL, FIRST, LAST, NAME, key

_PRIORITY = {name: place for place, name in enumerate(headers.FIELDS)}
_MAYBE_STATUS = frozenset(
    {"state", "estado", "etat", "stato", "zustand", "subscription", "type", "abo", "abonnement"}
)
"""Columns that are a status where most of their first cells are words for one; else they are a
State of a country, or some type."""
_REPEATED = frozenset(
    {
        *(headers.SUBSCRIBED, headers.CONFIRMED),
        *(headers.UNSUBSCRIBED, headers.BOUNCED, headers.COMPLAINED),
    }
)
"""Fields of which there may be several columns: what any of them says counts."""
_SHORT = {"tags": headers.TAGS, "country": headers.COUNTRY, "": "", "-": ""}
_MAPPABLE = (
    *(*COLUMNS, FIRST, LAST, "tags", "country"),
    *(part for part in headers.PARTS if part.startswith(("consent.", "status."))),
)
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


@dataclass(frozen=True)
class Wanted:
    """What a person says of their file: the service, and fields by the names of columns."""

    service: services.Service | None = None
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ColumnMapping:
    """The columns of one file. ``fields`` stands beside ``header``; '' is left out. ``own``: the
    file is one of ours, and what is wrong in it is wrong. ``status``: of rows that say none."""

    header: tuple[str, ...]
    fields: tuple[str, ...]
    service: services.Service | None
    own: bool
    status: Status | None = None

    def shown(self) -> dict[str, str]:
        """The field of each column, for a person; columns that are left out have none."""
        return {
            name: _shown(one) for name, one in zip(self.header, self.fields, strict=True) if name
        }


def _shown(found: str) -> str:
    if found in (FIRST, LAST):
        return NAME
    return "status" if found.startswith("status.") else found


def score(row: Sequence[str]) -> int:
    """How much a row looks like the header of a list of readers, or its first line."""
    known = sum(key(cell) in headers.FIELDS for cell in row)
    email = any(headers.FIELDS.get(key(cell)) == EMAIL for cell in row)
    return known + 20 * email + 10 * any(is_address(cell) for cell in row)


def is_address(cell: str) -> bool:
    """Whether a cell looks like an address, whatever stands around it."""
    return ("@" in cell or "%40" in cell) and _ADDRESS.fullmatch(pasted.address(cell)) is not None


def has_email(row: Sequence[str], wanted: Wanted) -> bool:
    """Whether one of these names is that of the address."""
    by_hand = {key(name) for name, target in wanted.columns.items() if target == EMAIL}
    columns = wanted.service.columns if wanted.service else {}
    return any(
        key(cell) in by_hand
        or columns.get(key(cell)) == EMAIL
        or headers.FIELDS.get(key(cell)) == EMAIL
        for cell in row
    )


def target(name: str) -> str:
    """A field as it is named by hand; ValueError when there is none of that name."""
    given = name.strip()
    found = _SHORT.get(given.casefold(), given)
    part, dot, attribute = found.partition(".")
    if part.casefold() == "attributes" and dot:
        return f"attributes.{headers.snake_case(attribute)}"
    if found == "" or found in _SHORT.values() or found.casefold() in _MAPPABLE:
        return found.casefold()
    near = difflib.get_close_matches(found.casefold(), _MAPPABLE, 1)
    guess = f"; did you mean {near[0]}?" if near else ""
    raise ValueError(
        f"{given!r} is no field{guess} Fields are {', '.join(_MAPPABLE)}; "
        f"attributes.{headers.snake_case(given) or 'name'} keeps it as an attribute"
    )


def of_header(
    header: Sequence[str], samples: Sequence[Sequence[str]], wanted: Wanted, *, file: str
) -> ColumnMapping:
    """The fields of ``header``, judged with the first rows; ``file`` is the file's name.

    Raises ValueError when no column is the address, a column is there twice, or one that was
    mapped by hand is not there.
    """
    keys = [key(name) for name in header]
    service = wanted.service or services.recognised(keys)
    found = _by_hand(header, keys, wanted)
    context = frozenset(keys)
    for place, one in enumerate(keys):
        if found[place] is None and one:
            found[place] = _meaning(one, context, service, [_cell(row, place) for row in samples])
    _settle(found, keys, service, by_hand=_by_hand(header, keys, wanted))
    if EMAIL not in found:
        _find_addresses(found, header, samples)
    taken = {one for one in found if one}
    for place, name in enumerate(header):
        if found[place] is None:
            found[place] = _attribute(name, taken) if name.strip() else ""
    given = {name.strip().casefold() for name in header if name.strip()}
    own = wanted.service is None and not wanted.columns and given <= set(COLUMNS)
    return ColumnMapping(
        tuple(name.strip().strip("\ufeff") for name in header),
        tuple(str(one) for one in found),
        service,
        own,
        None if "status" in found else _status_of_all(keys, service, file),
    )


def _cell(row: Sequence[str], place: int) -> str:
    return row[place].strip() if place < len(row) else ""


def _by_hand(header: Sequence[str], keys: Sequence[str], wanted: Wanted) -> list[str | None]:
    found: list[str | None] = [None] * len(header)
    for name, field_name in wanted.columns.items():
        exact = [place for place, one in enumerate(header) if one.strip() == name.strip()]
        alike = exact or [place for place, one in enumerate(keys) if one and one == key(name)]
        if not alike:
            there = ", ".join(one.strip() for one in header if one.strip())[:200]
            raise ValueError(f"there is no column {name!r} to map; there are {there}")
        if field_name == NAME and NAME in found:  # two columns are a name: its first part, its last
            found[found.index(NAME)], field_name = FIRST, LAST
        found[alike[0]] = field_name
    return found


def _meaning(
    one: str, context: frozenset[str], service: services.Service | None, cells: Sequence[str]
) -> str | None:
    """What the column with the key ``one`` and these first cells is; None: nothing known."""
    meaning = service.columns.get(one) if service else None
    meaning = meaning or headers.in_context(one, context)
    said = [cell for cell in cells if cell]
    if meaning in (None, "status") and one in _MAYBE_STATUS:
        special = service.statuses if service else {}
        known = sum(key(cell) in special or key(cell) in words.STATUSES for cell in said)
        return "status" if 2 * known > len(said) else None
    if meaning in (headers.SUBSCRIBED, headers.CONFIRMED) and not all(
        _says_whether(cell) for cell in said
    ):
        return None
    return meaning


def _says_whether(cell: str) -> bool:
    return (
        words.yes(cell) is not None or key(cell) in words.STATUSES or words.moment(cell) is not None
    )


def _settle(
    found: list[str | None],
    keys: Sequence[str],
    service: services.Service | None,
    by_hand: Sequence[str | None],
) -> None:
    """Leave one column a field, where there can be but one: as said by hand, or by the service, or
    with the more telling name. A field of ours that is there twice is nobody's guess."""
    special = service.columns if service else {}
    best: dict[str, tuple[tuple[int, int], int]] = {}
    for place, one in enumerate(found):
        if not one or one in _REPEATED:
            continue
        rank = -2 if by_hand[place] else -1 if keys[place] in special else 0
        order = (rank, _PRIORITY.get(keys[place], len(_PRIORITY)))
        before = best.get(one)
        if before is None or order < before[0]:
            best[one] = (order, place)
            if before is not None:
                found[before[1]] = None
        elif order == before[0] and one in COLUMNS:
            raise ValueError(f"a column is named twice: {one}")
        else:
            found[place] = None


def _find_addresses(
    found: list[str | None], header: Sequence[str], samples: Sequence[Sequence[str]]
) -> None:
    """Take the one column as the address whose first cells all look like one."""
    columns = [
        place
        for place in range(len(found))
        if found[place] is None
        and (cells := [cell for row in samples if (cell := _cell(row, place))])
        and all(is_address(cell) for cell in cells)
    ]
    if len(columns) != 1:
        named = ", ".join(name.strip() for name in header if name.strip())[:200] or "nothing"
        raise ValueError(
            f"the header has no 'email' column (found: {named}); --map 'COLUMN=email' names it"
        )
    found[columns[0]] = EMAIL


def _attribute(name: str, taken: set[str]) -> str:
    plain = headers.snake_case(name) or "column"
    found, number = f"attributes.{plain}", 1
    while found in taken:
        number += 1
        found = f"attributes.{plain}_{number}"
    taken.add(found)
    return found


def _status_of_all(
    keys: Iterable[str], service: services.Service | None, file: str
) -> Status | None:
    """The status of rows that say none: Mailchimp's files of those who left hold no others."""
    have = set(keys)
    if service and service.name == "mailchimp" and "lastchanged" not in have:
        if "cleantime" in have:
            return Status.BOUNCED
        if "unsubtime" in have:
            return Status.UNSUBSCRIBED
    return words.status_of_file(file)
