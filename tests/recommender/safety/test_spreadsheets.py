"""Cells that a spreadsheet would compute are text in files, and come back as they were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.safety import spreadsheets


@pytest.mark.parametrize("cell", ["=1+1", "+49 30", "-2", "@SUM(A1)", "\tx", "'=x", "\uff1d1"])
def test_what_would_be_computed_is_text(cell: str) -> None:
    assert spreadsheets.as_text(cell) == f"'{cell}"


@given(st.text(alphabet="'=+-@\tab "))
def test_every_cell_comes_back_as_it_was(cell: str) -> None:
    assert spreadsheets.unescape(spreadsheets.as_text(cell)) == cell
