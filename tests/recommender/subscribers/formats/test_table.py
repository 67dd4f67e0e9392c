"""How a list was understood is said before its first row."""

from pathlib import Path

import pytest

from recommender.errors import InputError, Rejected
from recommender.subscribers import files
from recommender.subscribers.fields import SubscriberDraft
from recommender.subscribers.formats import services, table
from recommender.subscribers.formats.mapping import Wanted
from recommender.subscribers.formats.table import Description

Rows = list[SubscriberDraft | Rejected]


def read(path: Path, text: str, wanted: Wanted | None = None) -> tuple[Description, Rows]:
    path.write_text(text, "utf-8")
    found: list[Description] = []
    rows = list(files.read(path, wanted or Wanted(), found.append))
    (described,) = found
    return described, rows


def test_a_description_has_all_that_was_found_out(tmp_path: Path) -> None:
    path = tmp_path / "cleaned.tsv"
    found, rows = read(path, "Courriel\tVille\t\nzoe@example.com\tLyon\t\n")
    assert found == Description(
        file=str(path),
        service=None,
        encoding="UTF-8",
        separator="tab",
        columns={"Courriel": "email", "Ville": "attributes.ville"},
        notes=("rows without a status are bounced, as the file's name or columns say",),
    )
    assert isinstance(rows[0], SubscriberDraft)
    assert rows[0].status == "bounced"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_list_without_a_header_loses_nobody(tmp_path: Path, separator: str) -> None:
    text = f"Kim{separator}kim@example.com\nLou{separator}lou@example.com\n"
    found, rows = read(tmp_path / "r.csv", text, Wanted(columns={"column 1": "name"}))
    assert found.columns == {"column 1": "name", "column 2": "email"}
    assert [(row.line, row.name) for row in rows if isinstance(row, SubscriberDraft)] == [
        (1, "Kim"), (2, "Lou"),
    ]  # fmt: skip


def test_a_bad_row_costs_nobody_else_their_place(tmp_path: Path) -> None:
    text = "Email,Status,City\na@example.com,active,X\nnobody,active,X\nb@example.com,zzz,X\n"
    text += "c@example.com,active,X,more\nd@example.com\n"
    _, rows = read(tmp_path / "r.csv", text)
    assert [isinstance(row, Rejected) for row in rows] == [False, True, True, True, False]
    assert [row.line for row in rows] == [2, 3, 4, 5, 6]


def test_the_service_that_is_named_is_believed(tmp_path: Path) -> None:
    wanted = Wanted(service=services.named("buttondown"))
    found, rows = read(tmp_path / "r.csv", "email,type\na@example.com,premium\n", wanted)
    assert found.service == "buttondown"
    assert isinstance(rows[0], SubscriberDraft)
    assert rows[0].status == "active"


def test_a_hundred_thousand_rows_are_read_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("Email,City\n" + "".join(f"r{n}@example.com,X\n" for n in range(100_000)))
    stream = files.read(path)
    assert isinstance(next(stream), SubscriberDraft)
    stream.close()  # type: ignore[attr-defined]  # a generator


def test_a_reading_that_is_given_up_leaves_nothing_open(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("Email,City\n" + "r@example.com,X\n" * 10_000)
    with path.open("rb") as file:
        stream = table.read(path, file, Wanted(), lambda _: None)
        next(stream)
    del stream  # an error in a generator that is thrown away would fail this test


def test_a_header_may_have_a_thousand_columns(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("Email" + ",x" * 999 + "\na@example.com\n")
    assert len(list(files.read(path))) == 1
    path.write_text("Email" + ",x" * 1_000 + "\na@example.com\n")
    with pytest.raises(InputError, match="more than 1,000 columns"):
        list(files.read(path))
