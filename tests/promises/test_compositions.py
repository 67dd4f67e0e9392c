"""Copies of every kind keep the rules for mail: scripts, pictures, long words, a note, a sponsor,
two languages, and first issues. A thousand, and of other articles, are made by hand
(``compositions``)."""

from pathlib import Path

from sqlalchemy.engine import Engine

from . import compositions


def test_copies_of_every_kind_break_no_rule_and_stay_small(
    sqlite_store: Engine, tmp_path: Path
) -> None:
    settings = compositions.fill(sqlite_store, tmp_path, 40)
    seen = compositions.check(sqlite_store, settings)
    assert seen.findings == {}
    assert (seen.copies, seen.welcomes) == (48, 8)  # who is welcomed gets the edition too
    assert seen.largest_html < compositions.LARGEST_HTML
    assert seen.languages.keys() == {"de", "en"}
    assert seen.directions["rtl"] > 0
