"""Whatever a file of readers holds, reading it ends in rows and reasons, never in a crash."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import InputError, Rejected
from recommender.subscribers import fields, files
from recommender.subscribers.fields import SubscriberDraft

CSV_TEXT = st.text(st.characters(codec="utf-8") | st.sampled_from(',;:"\n\r@'), max_size=200)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


def rows(path: Path) -> list[SubscriberDraft | Rejected]:
    try:
        return list(files.read(path))
    except InputError:
        return []


@given(text=CSV_TEXT)
def test_any_csv_is_read_or_refused(folder: Path, text: str) -> None:
    path = folder / "any.csv"
    path.write_bytes(b"email,name,roles,topics\na@example.com," + text.encode())
    for row in rows(path):
        if isinstance(row, SubscriberDraft):
            assert "\n" not in row.email + (row.name or "")


@given(content=st.binary(max_size=300), suffix=st.sampled_from([".csv", ".jsonl"]))
def test_any_bytes_are_read_or_refused(folder: Path, content: bytes, suffix: str) -> None:
    path = folder / f"any{suffix}"
    path.write_bytes(content)
    rows(path)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(values=st.dictionaries(st.sampled_from(files.COLUMNS), JSON_VALUES))
def test_any_json_object_is_a_draft_or_a_named_problem(values: dict[str, object]) -> None:
    try:
        draft = fields.draft(7, {"email": "a@example.com", **values})
    except ValueError as error:
        assert str(error).split(":")[0] in files.COLUMNS
    else:
        assert draft.line == 7


def test_line_numbers_are_true_in_spite_of_quoted_line_breaks(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text('email,name\na@example.com,"x\ny"\nb@example.com,B\nnope,C\n')
    found = rows(path)
    assert [row.line for row in found] == [2, 4, 5]
    assert isinstance(found[0], Rejected)
    assert isinstance(found[2], Rejected)
