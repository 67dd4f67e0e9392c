"""The operator's own templates: ejected, compared with the installed ones, refused when unsafe."""

import json
from dataclasses import fields
from pathlib import Path

import pytest

from mailer.issue import cards, notes, pictures, sponsors
from mailer.rendering import look, own_templates
from recommender.errors import ConfigurationError, ConflictError

ROOT = Path(__file__).resolve().parents[3]


def test_ejected_templates_are_the_installed_ones_to_the_letter(tmp_path: Path) -> None:
    files = own_templates.eject(tmp_path / "t")
    assert {"weekly.mjml", "weekly.txt.j2", "note.mjml"} <= {path.name for path in files}
    for path in files:
        assert path.read_bytes() == (own_templates.installed_folder() / path.name).read_bytes()
    assert list(own_templates.changes(tmp_path / "t")) == []
    with pytest.raises(ConflictError, match="--replace"):
        own_templates.eject(tmp_path / "t")
    (tmp_path / "t" / "note.mjml").write_text("mine")
    own_templates.eject(tmp_path / "t", replace=True)
    assert "mine" not in (tmp_path / "t" / "note.mjml").read_text()


def test_an_upgrade_is_told_file_by_file(tmp_path: Path) -> None:
    own_templates.eject(tmp_path)
    (tmp_path / "story.mjml").write_text("mine")
    path = tmp_path / own_templates.RECORD
    record = json.loads(path.read_text())
    record["version"] = "0.0.1"
    record["files"] |= {"story.mjml": "of before", "gone.mjml": "of before"}
    del record["files"]["note.mjml"]
    path.write_text(json.dumps(record))
    assert list(own_templates.changes(tmp_path)) == [
        "gone.mjml is no longer among the installed templates (it was in 0.0.1)",
        "note.mjml is new among the installed templates since 0.0.1",
        "the installed story.mjml has changed since 0.0.1; compare it with yours",
    ]
    path.unlink()
    [sentence] = own_templates.changes(tmp_path)
    assert "is missing" in sentence


def test_a_folder_that_anybody_may_write_to_is_refused(tmp_path: Path) -> None:
    own_templates.eject(tmp_path / "t")
    assert own_templates.checked(tmp_path / "t") == tmp_path / "t"
    (tmp_path / "t" / "note.mjml").chmod(0o666)
    with pytest.raises(ConfigurationError, match="anybody may write"):
        own_templates.checked(tmp_path / "t")
    with pytest.raises(ConfigurationError, match="no folder"):
        own_templates.checked(tmp_path / "gone")


def test_every_value_a_template_may_show_is_documented() -> None:
    page = (ROOT / "docs" / "templates.md").read_text("utf-8")
    shown = (cards.Issue, cards.Card, cards.Face, cards.Part, pictures.Picture, notes.Note,
             notes.Block, notes.Line, notes.Span, sponsors.Sponsor)  # fmt: skip
    names = {one.name for kind in shown for one in fields(kind)}
    names |= {f"look.{name}" for name in look.look().values() if not name.startswith("dark_")}
    missing = {name for name in names if f"`{name}`" not in page and f".{name}`" not in page}
    assert missing == set()
