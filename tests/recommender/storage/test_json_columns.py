"""Documents come back from their text as they were."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.storage import json_columns

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)  # fmt: skip


@given(ANYTHING)
def test_a_document_comes_back_as_it_was(value: object) -> None:
    assert json_columns.load(json_columns.dump(value)) == value


@given(ANYTHING)
def test_what_the_standard_library_wrote_is_read(value: object) -> None:
    assert json_columns.load(json.dumps(value)) == value


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(ValueError, match="column"):
        json_columns.load("{")
    with pytest.raises(TypeError):
        json_columns.dump(object())
