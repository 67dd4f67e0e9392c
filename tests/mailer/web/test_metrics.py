"""What operators see of the service."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from mailer.monitoring.metric_table import METRICS, PREFIX
from tests.mailer.monitoring.test_metric_table import expressions

from .conftest import Place

DEPLOY = Path(__file__).parents[3] / "deploy" / "prometheus"


def test_operators_see_that_it_is_well(place: Place) -> None:
    assert place.client.get("/healthz").text == "ok\n"
    assert place.client.get("/readyz").json() == {"ready": True, "reasons": []}
    found = place.client.get("/metrics").text
    assert 'newsletter_deliveries{edition="weekly-2026-W48",state="sent"} 12.0' in found
    assert "@" not in found


def scraped(client: TestClient) -> set[str]:
    client.get("/subscribe")
    text = client.get("/metrics").text
    names = re.findall(r"^# TYPE (\S+)", text, re.MULTILINE)
    return {name for name in names if not name.endswith("_created")}  # the client's own


def test_every_metric_that_is_named_is_scraped_and_the_other_way_round(place: Place) -> None:
    served = scraped(place.client)
    assert served == {one.full_name for one in METRICS.values()}
    used = {name for one in expressions() for name in re.findall(rf"{PREFIX}\w+", one)}
    plain = {re.sub(r"_(bucket|count|sum)$", "", name) for name in used}
    assert plain - served == set()
    unseen = served - plain
    assert unseen <= {f"{PREFIX}{one}" for one in (
        "alerts_waiting", "build_info", "edition_last_error_timestamp_seconds", "edition_trouble",
        "events", "trouble_began_timestamp_seconds", "webhook_requests_total")}  # fmt: skip


def test_every_metric_comes_with_its_help(place: Place) -> None:
    text = place.client.get("/metrics").text
    for one in METRICS.values():
        assert f"# HELP {one.full_name} {one.help}\n" in text


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not here")
def test_prometheus_own_tool_finds_nothing_to_say(place: Place) -> None:
    place.client.get("/subscribe")
    text = place.client.get("/metrics").text
    for words, given in (
        (["metrics"], text),
        (["rules", str(DEPLOY / "alerts.yaml")], ""),
        (["config", str(DEPLOY / "prometheus.yaml")], ""),
    ):
        done = subprocess.run(
            ["promtool", "check", *words], input=given, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
