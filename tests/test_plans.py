"""Every hot query finds its rows by an index, on either database; at full size this is checked by
benchmarks/growth.py."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.engine import Engine

from benchmarks import filling, plans

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)


def test_no_hot_query_scans_a_table_that_grows(store: Engine) -> None:
    filling.fill(store, readers=1_500, editions=12, now=NOW)
    faults = [
        f"{probe.name}: {why} ({found.summary})"
        for probe in plans.probes(store, now=NOW + timedelta(hours=1), batch=20)
        for found in plans.explain(store, probe)
        for why in found.faults
    ]
    assert faults == []
