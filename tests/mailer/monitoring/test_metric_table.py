"""The dashboard and the alert rules name metrics that there are, with labels that they have, and
the page on monitoring has all of them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from mailer.monitoring.metric_table import METRICS, PREFIX

ROOT = Path(__file__).resolve().parents[3]
RULES, DASHBOARD = (ROOT / "deploy" / f"{one}" for one in ("prometheus/alerts.yaml",
                                                           "grafana/dashboard.json"))  # fmt: skip


def rules() -> list[dict[str, object]]:
    [group] = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    found: list[dict[str, object]] = group["rules"]
    return found


def expressions() -> Iterator[str]:
    for rule in rules():
        yield str(rule["expr"])
    for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"]:
        for target in panel["targets"]:
            yield target["expr"]


def test_labels_that_are_asked_for_are_those_of_the_metric() -> None:
    for one in expressions():
        for name, selector in re.findall(rf"{PREFIX}(\w+)\{{([^}}]*)\}}", one):
            asked = set(re.findall(r"(\w+)\s*=~?", selector))
            assert asked <= set(METRICS[re.sub(r"_(bucket|count|sum)$", "", name)].labels), one


def test_every_rule_says_what_is_wrong_and_what_to_do() -> None:
    for rule in rules():
        assert re.fullmatch(r"Newsletter[A-Z]\w+", str(rule["alert"]))
        assert rule["labels"] in ({"severity": "page"}, {"severity": "ticket"})
        annotations = rule["annotations"]
        assert isinstance(annotations, dict)
        assert set(annotations) == {"summary", "description"}


def test_the_page_on_monitoring_has_every_metric() -> None:
    page = (ROOT / "docs" / "monitoring.md").read_text("utf-8")
    for one in METRICS.values():
        labels = ", ".join(one.labels) or "–"
        assert f"| `{one.full_name}` | {labels} | {one.help} |" in page


def test_names_follow_the_conventions_of_prometheus() -> None:
    for name, one in METRICS.items():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", name), name
        assert one.help[0].isupper() or one.help[0].isdigit(), name
        assert not one.help.endswith("."), name
        assert name.endswith("_total") == (one.kind == "counter"), name
        for word in ("milliseconds", "minutes", "hours", "days", "megabytes", "percent"):
            assert word not in name, name
        assert "timestamp" not in name or name.endswith("_timestamp_seconds"), name
