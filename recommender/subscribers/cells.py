"""Several names in one cell of a table, with weights or without: read as people write them, and
written so that they are read alike."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping

_QUOTED = r'(?:"((?:[^"]|"")*)"|“([^”]*)”)'
_FIRST_QUOTED = re.compile(rf"(^|[;|,\n])[ \t]*{_QUOTED}")
_ITEMS = {
    marks: re.compile(
        rf"[ \t]*{_QUOTED}[ \t]*(:[^{marks}]*)?(?=[{marks}]|\Z)|([^{marks}]+)|[{marks}]"
    )
    for marks in (";", "|\n", ",")
}
_PYTHON = re.compile(r"\[\s*'[^'\\]*'(?:\s*,\s*'[^'\\]*')*\s*\]")
_PYTHON_ITEM = re.compile(r"'[^'\\]*'")
_WEIGHT = re.compile(r"[+-]?\d(?:\.\d{1,6})?")
_NEEDS_QUOTES = re.compile(r'[;|,\n]|^["“\[]')


def names(cell: str) -> list[str]:
    """The names in a cell: a JSON list, or text cut at ``;``, else at ``|`` and new lines, else at
    commas. What stands in quotes is one name. Each is listed once, whatever its case."""
    first: dict[str, str] = {}
    for one in _listed(cell) or [name + weight for name, weight, _ in _items(cell)]:
        first.setdefault(one.casefold(), one)
    return list(first.values())


def weighted(cell: str) -> dict[str, float]:
    """Names as ``names`` finds them, each with its weight: the number from -2 to 3 behind its last
    colon, 1 without one. Another thing behind a colon is a part of the name."""
    found: dict[str, float] = {}
    for one in _listed(cell):
        found[one] = 1.0
    for name, weight, quoted in [] if found else _items(cell):
        bare, colon, number = (name, weight[:1], weight[1:]) if quoted else name.rpartition(":")
        if colon and _WEIGHT.fullmatch(number.strip()) and -2 <= float(number) <= 3:
            found[bare.strip()] = float(number)
        else:
            found[name + weight] = 1.0
    return {name: weight for name, weight in found.items() if name}


def joined(parts: Iterable[str]) -> str:
    """A cell from which ``names`` reads ``parts``."""
    return ";".join(_quoted(part) for part in parts)


def joined_weights(weights: Mapping[str, float]) -> str:
    """A cell from which ``weighted`` reads ``weights``."""
    return ";".join(f"{_quoted(name)}:{weight:g}" for name, weight in weights.items())


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if _NEEDS_QUOTES.search(name) else name


def _listed(cell: str) -> list[str]:
    """The items of a list of plain values, as JSON or Python writes it; none where the cell is
    something else."""
    if not cell.startswith("["):
        return []
    try:
        found = json.loads(cell)
    except (json.JSONDecodeError, RecursionError):
        found = [one[1:-1] for one in _PYTHON_ITEM.findall(cell)] if _PYTHON.fullmatch(cell) else []
    if not isinstance(found, list) or any(isinstance(one, dict | list) for one in found):
        return []
    return [name for one in found if one is not None and (name := str(one).strip())]


def _items(cell: str) -> Iterator[tuple[str, str, bool]]:
    """Each name, what follows it in or after the quotes, and whether it was in quotes."""
    bare = _FIRST_QUOTED.sub(r"\1", cell)
    marks = ";" if ";" in bare else "|\n" if "|" in bare or "\n" in bare else ","
    for quoted, curly, weight, plain in _ITEMS[marks].findall(cell):
        inside = (quoted.replace('""', '"') or curly).strip()
        if inside:
            yield inside, weight.strip(), True
        elif plain.strip():
            yield plain.strip(), "", False
