"""Every example of a list of readers in docs/formats.md is read as the page says."""

import re
from pathlib import Path

import pytest

from recommender.models import Status
from recommender.subscribers import fields, files
from recommender.subscribers.fields import SubscriberDraft
from recommender.subscribers.formats import headers, services
from recommender.subscribers.formats.table import Description

PAGE = Path(__file__).resolve().parents[4] / "docs" / "formats.md"
READERS = PAGE.read_text("utf-8").partition("\n## Readers")[2]
EXAMPLES = dict(re.findall(r"<!-- example: (\S+) -->\n```\n(.*?)```", READERS, re.DOTALL))
FROM = {
    "readers.csv": (None, "active"), "spreadsheet.csv": (None, None),
    "subscribed_members_export_1a2b.csv": ("mailchimp", "active"),
    "cleaned_members_export_1a2b.csv": ("mailchimp", "bounced"),
    "email_list.quay.csv": ("substack", None), "members.csv": ("ghost", None),
    "beehiiv.csv": ("beehiiv", "pending"), "buttondown.csv": ("buttondown", "active"),
    "kit.csv": ("kit", "unsubscribed"), "listmonk.csv": ("listmonk", "active"),
    "readers.jsonl": (None, None),
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_of_the_page_is_read(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(EXAMPLES[name], "utf-8")
    described: list[Description] = []
    (row,) = files.read(path, describe=described.append)
    assert isinstance(row, SubscriberDraft)
    assert row.email == "kim@example.com"
    service, status = FROM[name]
    assert row.status == (status and Status(status))
    assert [one.service for one in described] == ([service] if name.endswith("csv") else [])
    assert not row.warnings
    if service:
        assert row.consent.at is not None


def test_the_page_has_every_service_and_field() -> None:
    assert sorted(EXAMPLES) == sorted(FROM)
    assert {service for service, _ in FROM.values()} == {None, *services.NAMES}
    named = {*fields.COLUMNS, headers.FIRST, headers.LAST, *headers.PARTS}
    missing = {one for one in named if f"`{one.removeprefix('attributes.')}`" not in READERS}
    assert missing == set()
