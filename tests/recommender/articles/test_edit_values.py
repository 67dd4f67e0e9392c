from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from recommender.articles import edit_values
from recommender.models import EditKind

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (EditKind.TITLE, " A title ", "A title"),
        (EditKind.TITLE, " ", None),
        (EditKind.SUMMARY, " Two\r\n\r\n parts. ", "Two\n\nparts."),
        (EditKind.TAKEAWAY, "None", ""),
        (EditKind.INSIGHTS, "- One\n\n* Two\nThree", ["One", "Two", "Three"]),
        (EditKind.PRACTICE, "none", []),
        (EditKind.IMAGE, "none", {}),
        (EditKind.IMAGE, "https://o.example/a.png", {"url": "https://o.example/a.png"}),
        (EditKind.TOPICS, "Chips, , AI Strategy", ["Chips", "AI Strategy"]),
        (EditKind.NOT_BEFORE, "2026-12-01", "2026-12-01T00:00:00+01:00"),
        (EditKind.NOT_AFTER, "2026-12-01", "2026-12-01T23:59:59.999999+01:00"),
    ],
)
def test_what_is_typed_becomes_what_an_edit_keeps(kind: EditKind, text: str, value: object) -> None:
    assert edit_values.checked(kind, text, BERLIN, NOW) == value


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [
        (EditKind.URL, "javascript:x", "javascript:x"),
        (EditKind.SUMMARY, "x" * 5_001, "5001 characters long; at most 5,000"),
        (EditKind.IMAGE, "http://o.example/a.png", "must begin with https://"),
        (EditKind.NOT_BEFORE, "2026-11-24", "2026-11-24 00:00 is past"),
        (EditKind.NOT_AFTER, "tomorrow", "'tomorrow' is no date"),
    ],
)
def test_what_is_none_is_refused(kind: EditKind, text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        edit_values.checked(kind, text, BERLIN, NOW)
