"""``newsletter editions proof``: what it shows is what planning gives, and it leaves no trace."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa
from selectolax.lexbor import LexborHTMLParser
from sqlalchemy.engine import Engine

from mailer.edition import shards
from mailer.preview.proof import links, proving
from recommender.models import Delivery, EditionStory
from recommender.storage import database

from .conftest import Run, answer


def reach(engine: Engine) -> dict[str, int]:
    """How many readers each story reaches in the ledger."""
    with database.reading(engine) as session:
        names = {
            key: f"{content['article']}/{content['story']}"
            for key, content in session.execute(
                sa.select(EditionStory.story_id, EditionStory.content)
            )
        }
        counts = Counter(
            story for ids in session.scalars(sa.select(Delivery.story_ids)) for story in ids
        )
    return {names[story]: number for story, number in counts.items()}


def test_a_proof_shows_what_planning_gives_and_leaves_no_trace(
    newsletter: Run, engine: Engine, tmp_path: Path
) -> None:
    newsletter("segments", "create", "chiefs", 'role = "CTO"')
    newsletter("editions", "note", "--segment", "chiefs", "--text", "For chiefs")
    before = sorted(path.name for path in Path().rglob("*") if "proof" not in str(path))
    found = answer(newsletter, "editions", "proof", "--out", str(tmp_path / "p"))
    assert answer(newsletter, "editions", "list") == {"editions": []}
    after = sorted(path.name for path in Path().rglob("*") if "proof" not in str(path))
    assert [name for name in after if "newsletter.db" not in name] == [
        name for name in before if "newsletter.db" not in name
    ]
    assert newsletter("editions", "plan")[0] == 0
    counted = {one["id"]: one["readers"] for one in found["stories"] if one["readers"]}
    assert counted == reach(engine)
    assert found["readers"] == found["with_issue"] == 12
    assert found["findings"] == []
    planned = answer(newsletter, "editions", "proof", "--out", str(tmp_path / "p"))
    assert planned["planned"]
    assert planned["stories"] == found["stories"]
    page = LexborHTMLParser((tmp_path / "p" / "proof.html").read_text())
    frames = [node.attributes["srcdoc"] or "" for node in page.css("iframe")]
    assert len(frames) > 10
    assert "For chiefs" in frames[0]
    assert oct((tmp_path / "p" / "proof.html").stat().st_mode)[-3:] == "600"


@pytest.mark.slow
def test_processes_count_together_what_one_counts_alone(
    newsletter: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = answer(newsletter, "editions", "proof")
    monkeypatch.setattr(shards, "SIZE", 4)
    monkeypatch.setattr(proving, "WORTH_A_PROCESS", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    together = answer(newsletter, "editions", "proof")
    different = {"seconds", "page", "checked"}
    assert {key: value for key, value in alone.items() if key not in different} == {
        key: value for key, value in together.items() if key not in different
    }


def test_who_gets_nothing_is_counted_with_why(newsletter: Run) -> None:
    newsletter("subscribers", "add", "nobody@example.com")
    newsletter("subscribers", "update", "hardware@example.com", "--frequency", "monthly")
    assert newsletter("editions", "send", "--period", "2026-W45", "--yes")[0] == 0
    _, out, _ = newsletter("stories", "list", "--limit", "500", "--json")
    for story in json.loads(out)["stories"]:
        newsletter("stories", "hold", story["id"])
    found = answer(newsletter, "editions", "proof", "--period", "2026-W46")
    assert found["with_issue"] == 0
    assert found["without"] == {"nothing_relevant": 12, "frequency": 1}
    assert found["stories"] == []


def test_a_segment_is_proved_alone_and_an_empty_one_is_an_error(newsletter: Run) -> None:
    newsletter("segments", "create", "chiefs", 'role = "CTO"')
    assert answer(newsletter, "editions", "proof", "--segment", "chiefs")["readers"] == 1
    newsletter("segments", "create", "empty")
    for name, why in (("empty", "no reader of the segment 'empty'"), ("gone", "no segment 'gone'")):
        status, _, err = newsletter("editions", "proof", "--segment", name)
        assert status == 1
        assert why in err


def test_a_link_that_leads_nowhere_is_an_error(
    newsletter: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "_why", lambda *_: (True, "404 Not Found"))
    status, out, _ = newsletter("editions", "proof", "--check-links", "--json")
    found = json.loads(out)
    assert status == 1
    assert {one["severity"] for one in found["findings"]} == {"error"}
    assert "404 Not Found" in found["findings"][0]["what"]
