"""Whatever a file of readers holds, reading it ends in rows and reasons, never in a crash."""

import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import InputError, Rejected
from recommender.subscribers import fields, files
from recommender.subscribers.fields import SubscriberDraft
from recommender.subscribers.formats import dialect

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


@given(values=st.dictionaries(st.sampled_from(fields.COLUMNS), JSON_VALUES))
def test_any_json_object_is_a_draft_or_a_named_problem(values: dict[str, object]) -> None:
    try:
        draft = fields.draft(7, {"email": "a@example.com", **values})
    except ValueError as error:
        assert str(error).split(":")[0] in fields.COLUMNS
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
    assert [tuple(row.values[name] for name in TERMS) for row in found] == [
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
    assert draft.values[field] == taken


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
        ("topics", [f"topic {number}" for number in range(1_001)]),
        ("topics", {f"topic {number}": 1 for number in range(1_001)}),
        ("roles", [f"role {number}" for number in range(1_001)]),
    ],
)
def test_what_means_nothing_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{field}: "):
        fields.draft(1, {"email": "a@example.com", field: value})


NASTY = st.text(st.sampled_from('ab@.,"\n\r;= '), max_size=30)


@given(cells=st.lists(st.tuples(NASTY, NASTY), max_size=6), tail=NASTY)
def test_rows_are_those_of_the_csv_module_up_to_where_it_loses_step(
    folder: Path, cells: list[tuple[str, str]], tail: str
) -> None:
    lines = [f'r{number}@example.com,"{a}",{b}' for number, (a, b) in enumerate(cells)]
    text = "\n".join(["email,name,locale", *lines, tail])
    path = folder / "step.csv"
    path.write_bytes(text.encode())
    reader = csv.reader((line + "\n" for line in text.split("\n")), strict=True)
    wanted, start = [], 1
    try:
        for row in reader:
            wanted += [start] if any(cell.strip() for cell in row) else []
            start = reader.line_num + 1
    except csv.Error:
        wanted.append(start)
    assert [row.line for row in rows(path)] == wanted[1:]


@pytest.mark.parametrize(
    "poison",
    [b"x" * 140_000, b"\0", b"x" * (dialect.MAX_LINE + 1), b"\xff"],
    ids=["cell", "NUL", "line", "encoding"],
)
def test_text_in_a_cell_never_becomes_readers(tmp_path: Path, poison: bytes) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(
        'email,name\nfirst@example.com,Zoë Å\nsecond@example.com,"begins\n'.encode()
        + poison
        + b'\nvictim@example.com,V\n"\nthird@example.com,C\n'
    )
    first, lost = rows(path)
    assert isinstance(first, SubscriberDraft)
    assert first.email == "first@example.com"
    assert isinstance(lost, Rejected)
    assert (lost.file, lost.line) == (str(path), 3)
    assert "nothing from here on was read" in lost.why


def test_a_quote_that_never_ends_ends_the_file(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text('email,name\na@example.com,"open\n' + "v@example.com,V\n" * 500_000)
    (lost,) = rows(path)
    assert isinstance(lost, Rejected)
    assert lost.line == 2


def test_a_line_that_is_no_text_costs_nobody_else_their_row(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    text = b"email,name\na@example.com," + b"\xff\n" + "b@example.com,Zoë Å\n".encode()
    path.write_bytes(text)
    bad, good = rows(path)
    assert isinstance(bad, Rejected)
    assert isinstance(good, SubscriberDraft)
    assert good.line == 3


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "'=1", "''x", "'x", "-Öl", "\uff1d1", "a=1"]


def test_no_cell_of_an_export_is_a_formula_and_every_name_comes_back(folder: Path) -> None:
    path = folder / "formulas.csv"
    readers = [
        {"email": f"={n}@example.com", "name": name, "roles": [name], "topics": {name: 2.0},
         "timezone": None, "locale": None, "status": "active", "attributes": {},
         "frequency": "weekly", "day": None, "hour": None}
        for n, name in enumerate(FORMULAS)
    ]  # fmt: skip
    with path.open("w", encoding="utf-8", newline="") as target:
        files.write(target, readers, ".csv")
    with path.open(encoding="utf-8", newline="") as source:
        assert not [cell for row in csv.reader(source) for cell in row if cell[:1] in tuple("=+-@")]
    found = [row for row in rows(path) if isinstance(row, SubscriberDraft)]
    assert [(row.email, row.name, row.roles, dict(row.topics or {})) for row in found] == [
        (reader["email"], name, (name,), {name: 2.0})
        for reader, name in zip(readers, FORMULAS, strict=True)
    ]


def test_a_link_out_of_the_folder_is_named_and_not_read(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (tmp_path / "secret.csv").write_text("email\nhidden@example.com\n")
    (inbox / "a.csv").write_text("email\na@example.com\n")
    (inbox / "b.csv").symlink_to(tmp_path / "secret.csv")
    (inbox / "c.csv").symlink_to(inbox / "a.csv")
    a, b, c = files.within(inbox)
    assert (a, c) == (inbox / "a.csv", inbox / "c.csv")
    assert isinstance(b, Rejected)
    assert "leads out of the folder" in b.why
