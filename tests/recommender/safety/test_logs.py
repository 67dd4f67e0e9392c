"""Entries of the log are for a person or a machine, from one level on, and scrubbed throughout."""

import json
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from recommender.safety import logs
from recommender.safety.logs import Form, Level

ROOT = Path(__file__).resolve().parents[3]
Entries = Callable[[], list[dict[str, Any]]]
IN_BRACKETS = r"(?:[^()]|\((?:[^()]|\([^()]*\))*\))*"
CALL = re.compile(rf'log\.(?:info|warning|error)\(\s*"([a-z ]+)",({IN_BRACKETS})\)')
log = logs.get("test")


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root, ours, server = map(logging.getLogger, ("", logs.ROOT, "uvicorn"))
    handlers, level = list(root.handlers), ours.level
    of_server = list(server.handlers), server.level, server.propagate
    root.handlers[:], server.handlers[:] = [], []
    ours.setLevel(logging.NOTSET)
    server.setLevel(logging.NOTSET)
    server.propagate = True
    logs.install()
    yield
    root.handlers[:] = handlers
    ours.setLevel(level)
    server.handlers[:], server.level, server.propagate = of_server


@pytest.fixture
def entries(capfd: pytest.CaptureFixture[str]) -> Entries:
    return lambda: [json.loads(line) for line in capfd.readouterr().err.splitlines()]


def test_a_service_logs_json_where_nobody_looks(entries: Entries) -> None:
    logs.configure("auto", "info")
    log.info("planned", edition="weekly-2026-W48", copies=12)
    logging.getLogger("uvicorn").warning("a library: %s", ValueError("a@example.com"))
    logging.getLogger("uvicorn").info("chatter")
    log.debug("too fine")
    mine, theirs = entries()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", mine.pop("timestamp"))
    assert mine == {
        "level": "info",
        "logger": "newsletter.test",
        "event": "planned",
        "edition": "weekly-2026-W48",
        "copies": 12,
    }
    assert (theirs["level"], theirs["event"]) == ("warning", "a library: ValueError")


def test_every_part_of_an_entry_is_scrubbed(entries: Entries) -> None:
    logs.configure("json", "debug")
    error = RuntimeError("Mina <mina@example.com>")
    log.info("to mina@example.com", to="mina@example.com", why=error, at=Path("/c/token"))
    logging.getLogger("x").error("failed", exc_info=error)
    text = json.dumps(found := entries())
    assert "mina" not in text.lower()
    assert (found[0]["to"], found[0]["why"], found[0]["at"]) == ("<address>", "RuntimeError",
                                                                 "/c/<token>")  # fmt: skip
    assert found[1]["exception"].endswith("RuntimeError")


def test_for_a_person_time_level_event_and_fields_are_on_a_line(
    capfd: pytest.CaptureFixture[str],
) -> None:
    logs.configure("human", "warning")
    log.info("fetched", feed="https://a.ch/")
    log.warning("paused", edition="weekly-2026-W48")
    [line] = capfd.readouterr().err.splitlines()
    assert re.match(r"\d{4}-\d\d-\d\dT\S+Z \[warning *\] paused +.*edition=weekly-2026-W48", line)


@pytest.mark.parametrize(("form", "level"), [("json", "info"), ("human", "error")])
def test_a_process_that_is_started_logs_in_the_same_way(form: Form, level: Level) -> None:
    assert logs.in_use() == ("plain", "warning")
    logs.use(form, level)
    assert logs.in_use() == (form, level)


def test_a_command_says_a_warning_as_a_plain_line(capfd: pytest.CaptureFixture[str]) -> None:
    log.info("planned", copies=1)
    log.warning("paused", edition="weekly-2026-W48")
    logging.getLogger("x").warning("as it is: %s", "a@b.ch")
    assert capfd.readouterr().err.splitlines() == [
        "paused edition=weekly-2026-W48",
        "as it is: <address>",
    ]
    wrong = logging.LogRecord("x", logging.WARNING, "", 1, "%d of %s", ("no number",), None)
    assert logs.Formatter().format(wrong) == "x: a message that cannot be put together"


def test_every_event_stands_in_the_page_on_monitoring_with_its_fields() -> None:
    page = (ROOT / "docs" / "monitoring.md").read_text("utf-8")
    known = {
        row[0]: set(row[2].split(", "))
        for row in re.findall(
            r"^\| ([a-z ]+) \| (info|warning|error) \| ([a-z_, ]+) \|", page, re.MULTILINE
        )
    }
    found = {}
    for package in ("mailer", "recommender"):
        for file in (ROOT / package).rglob("*.py"):
            for event, fields in CALL.findall(file.read_text("utf-8")):
                found[event] = set(re.findall(r"(?:^|[\s(])(\w+)=", fields))
    assert found == known
