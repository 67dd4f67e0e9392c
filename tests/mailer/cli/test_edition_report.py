"""``newsletter editions report``: JSON, a page with plots, and a table of stories."""

import csv
import re
from pathlib import Path

from .conftest import Run, answer

WEEK = ("--period", "2026-W48")


def test_a_report_is_written_as_a_page_and_as_a_table(newsletter: Run) -> None:
    answer(newsletter, "editions", "send", "--yes", *WEEK)
    files = ("--html", "report.html", "--csv", "stories.csv")
    status, out, err = newsletter("editions", "report", *WEEK, *files)
    assert (status, err) == (0, "")
    assert "12 delivered, 0% (0–24) clicked" in out
    report = answer(newsletter, "editions", "report", *WEEK)
    assert report["funnel"] == {
        "due": 12, "sent": 12, "delivered": 12, "clicked": 0, "unsubscribed": 0,
        "complained": 0, "bounced": 0,
    }  # fmt: skip
    with Path("stories.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["id"], int(row["readers"])) for row in rows] == [
        (story["id"], story["readers"]) for story in report["stories"]
    ]
    page = Path("report.html").read_text()
    assert report["stories"][0]["title"] in page
    assert not re.search(r"<(script|link|img|iframe)|url\(|@import|src=", page)


def test_a_report_of_a_week_that_was_not_planned_is_refused(newsletter: Run) -> None:
    status, out, err = newsletter("editions", "report", "--period", "2026-W40")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "2026-W40 has not been planned" in err
