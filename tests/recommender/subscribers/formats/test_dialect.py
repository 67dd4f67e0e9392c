"""Whatever encoding, separator and line end a list has, its rows come out alike."""

import codecs
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import InputError, Rejected
from recommender.subscribers import files
from recommender.subscribers.fields import SubscriberDraft
from recommender.subscribers.formats.table import Description

HEADER = ("E-Mail-Adresse", "Vorname", "Nachname", "Ort")
ROWS = (
    ("zoë@example.com", "Zoë", "Müller, Dr.", "Genève"),
    ("an@example.com", "Ángel", "O'Neil", 'Bad "Süd"; links'),
    ("bo@example.com", "Bo", "Ek\tLund", "Årø|Ø"),
)
WANTED = [
    ("zoë@example.com", "Zoë Müller, Dr.", "Genève"),
    ("an@example.com", "Ángel O'Neil", 'Bad "Süd"; links'),
    ("bo@example.com", "Bo Ek Lund", "Årø|Ø"),
]


def written(separator: str, newline: str, *, trailing: int = 0, sep_line: bool = False) -> str:
    def quoted(cell: str) -> str:
        return '"' + cell.replace('"', '""') + '"' if set(cell) & set('",;\t|\n') else cell

    lines = [separator.join(map(quoted, row)) + separator * trailing for row in (HEADER, *ROWS)]
    if sep_line:
        lines.insert(0, f"sep={separator}")
    return newline.join(lines) + newline


def read(path: Path) -> tuple[list[SubscriberDraft | Rejected], Description]:
    described: list[Description] = []
    rows = list(files.read(path, describe=described.append))
    return rows, described[0]


def taken(rows: list[SubscriberDraft | Rejected]) -> list[tuple[str, str | None, str]]:
    found = []
    for row in rows:
        assert isinstance(row, SubscriberDraft), row
        found.append((row.email, row.name, row.values["attributes"]["ort"]))
    return found


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("encoding", "mark", "name"),
    [
        ("utf-8", b"", "UTF-8"),
        ("utf-8", codecs.BOM_UTF8, "UTF-8"),
        ("utf-16-le", codecs.BOM_UTF16_LE, "UTF-16"),
        ("utf-16-be", codecs.BOM_UTF16_BE, "UTF-16"),
        ("utf-16-le", b"", "UTF-16-LE"),
        ("utf-16-be", b"", "UTF-16-BE"),
        ("cp1252", b"", "Windows-1252"),
    ],
)
def test_every_dialect_is_read_alike(
    tmp_path: Path, separator: str, newline: str, encoding: str, mark: bytes, name: str
) -> None:
    path = tmp_path / "r.csv"
    for trailing, sep_line in ((0, False), (2, True)):
        text = written(separator, newline, trailing=trailing, sep_line=sep_line)
        path.write_bytes(mark + text.encode(encoding))
        rows, found = read(path)
        assert taken(rows) == WANTED
        assert found.encoding == name
        assert found.columns == {
            "E-Mail-Adresse": "email", "Vorname": "name", "Nachname": "name",
            "Ort": "attributes.ort",
        }  # fmt: skip
        said = any("Windows-1252" in note for note in found.notes)
        assert said == (name == "Windows-1252")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_seen_in_any_script(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "r.csv"
    text = "メールアドレス;名前;メモ\n" + "".join(
        f"r{number}@example.com;山田 太郎;これはかなり長いメモです。\n" for number in range(30)
    )
    path.write_bytes(text.encode(encoding))
    rows, found = read(path)
    assert found.columns == {"メールアドレス": "email", "名前": "name", "メモ": "attributes.メモ"}
    assert [row.name for row in rows if isinstance(row, SubscriberDraft)] == ["山田 太郎"] * 30


def test_a_byte_far_down_makes_it_windows_1252(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    plain = "".join(f"r{number}@example.com,R\n" for number in range(20_000))
    path.write_bytes(b"email,name\n" + plain.encode() + "z@example.com,Zoë\n".encode("cp1252"))
    rows, found = read(path)
    assert found.encoding == "Windows-1252"
    last = rows[-1]
    assert isinstance(last, SubscriberDraft)
    assert (last.name, last.line, len(rows)) == ("Zoë", 20_002, 20_001)


def test_lines_are_counted_from_the_top_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text(
        "sep=;\n\nOur readers;;\nas of May;;\nName;Mail;\nA;a@example.com;\nB;nobody;\n"
    )
    rows, found = read(path)
    assert [row.line for row in rows] == [6, 7]
    assert isinstance(rows[1], Rejected)
    assert found.notes == ("the header is in line 5; what stands above is left out",)


def test_short_rows_are_taken_and_cells_too_many_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("email,name,city\na@example.com\nb@example.com,B,,,\nc@example.com,C,D,E\n")
    first, second, third = read(path)[0]
    assert isinstance(first, SubscriberDraft)
    assert isinstance(second, SubscriberDraft)
    assert isinstance(third, Rejected)
    assert third.why == "4 cells, but the header names 3 columns"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"PK\x03\x04rest", "save the sheet as CSV"),
        (b"\x1f\x8brest", "unpack"),
        (b"a,b\n1,2\n", "no 'email' column"),
        (b"", "empty"),
    ],
)
def test_what_is_no_list_is_named(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=why):
        list(files.read(path))


NAMES = st.text(st.characters(codec="cp1252", categories=("L", "Nd")), min_size=1, max_size=8)


@given(
    names=st.lists(NAMES, min_size=1, max_size=5),
    separator=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
)
def test_names_come_out_of_any_dialect_as_they_went_in(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], separator: str, encoding: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "names.csv"
    lines = [
        separator.join((f"r{number}@example.com", name, "x", ""))
        for number, name in enumerate(names)
    ]
    head = separator.join(("Courriel", "Nom", "Ville", ""))
    path.write_bytes("\r\n".join([head, *lines]).encode(encoding))
    found = []
    for row in files.read(path):
        assert isinstance(row, SubscriberDraft)
        found.append(row.name)
    if encoding != "cp1252" or "".join(names).isascii():
        assert found == names
    else:  # what is valid UTF-8 by chance is read as that
        assert len(found) == len(names)
