"""``newsletter init``."""

from pathlib import Path

from .conftest import Run


def test_init_writes_settings_that_are_read_back(newsletter: Run) -> None:
    text = Path("newsletter.toml").read_text()
    assert "# picks = 6" in text
    assert newsletter("articles", "list")[0] == 0
    assert newsletter("init")[0] == 0
    assert Path("newsletter.toml").read_text() == text
