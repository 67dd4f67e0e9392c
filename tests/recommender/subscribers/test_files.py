"""Whatever a file of readers holds, reading it ends in rows and reasons, never in a crash."""

from pathlib import Path
from typing import Any

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


TERMS = ("frequency", "day", "hour")


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_what_is_written_is_read_back_unchanged(folder: Path, suffix: str) -> None:
    """An export is an import, with the reader's own terms and without."""
    common: dict[str, Any] = {
        "name": "",
        "roles": [],
        "topics": {"AI": 3.0},
        "timezone": None,
        "locale": None,
        "status": "active",
        "attributes": {},
    }
    readers: list[dict[str, Any]] = [
        common | {"email": "a@example.com", "frequency": "monthly", "day": "monday", "hour": 0},
        common | {"email": "b@example.com", "frequency": "weekly", "day": None, "hour": None},
    ]
    path = folder / f"again{suffix}"
    with path.open("w", encoding="utf-8", newline="") as target:
        assert files.write(target, readers, suffix) == 2
    found = [row for row in rows(path) if isinstance(row, SubscriberDraft)]
    assert [tuple(getattr(row, name) for name in TERMS) for row in found] == [
        ("monthly", "monday", 0),
        ("weekly", None, None),
    ]


@pytest.mark.parametrize(
    ("field", "value", "taken"),
    [
        ("hour", "07:00", 7),
        ("hour", "7", 7),
        ("hour", 23, 23),
        ("hour", "", None),
        ("day", "Mon", "monday"),
        ("day", "SUNDAY", "sunday"),
        ("frequency", "Monthly", "monthly"),
    ],
)
def test_terms_are_read_as_people_write_them(field: str, value: object, taken: object) -> None:
    draft = fields.draft(1, {"email": "a@example.com", field: value})
    assert getattr(draft, field) == taken


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hour", 24),
        ("hour", "7:30"),
        ("hour", True),
        ("hour", 7.5),
        ("day", "m"),
        ("day", "t"),
        ("day", 1),
        ("frequency", "daily"),
    ],
)
def test_terms_that_mean_nothing_are_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{field}: "):
        fields.draft(1, {"email": "a@example.com", field: value})
