"""Cells of CSV files that a spreadsheet would compute (CWE-1236), made into text and back.

An apostrophe before such a cell says that it is text; one that was there already gets another, so
that each cell comes back as it was.
"""

import re

_FORMULA = re.compile("'*[=+\\-@\t\r\uff1d\uff0b\uff0d\uff20]")
"""How a cell begins that a spreadsheet would compute."""


def as_text(cell: str) -> str:
    """The cell as it may stand in a file."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unescape(cell: str) -> str:
    """The cell as it was before ``as_text``."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
