"""Readers of every kind that a rule can tell apart."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from recommender.models import Status
from recommender.storage import database
from recommender.subscribers import fields, intake

ROLES = ("CTO", "Investor", "Data Engineer")


TOPICS = ("AI Strategy", "Neural Software")


READERS: list[dict[str, Any]] = [
    {
        "email": f"r{n}@{'example.com' if n % 2 else 'other.example.org'}",
        "name": f"Reader {n}",
        "roles": [role for bit, role in enumerate(ROLES) if n >> bit & 1],
        "topics": {topic: (n + bit) % 6 - 2 for bit, topic in enumerate(TOPICS) if (n + bit) % 3},
        "locale": ("de", "en", None)[n % 3],
        "status": list(Status)[n % 6],
        "attributes": [
            {},
            {"plan": "pro", "tags": ["vip", "Öl, Gas"]},
            {"plan": "free", "seats": n, "tags": ["VIP", "pilot"]},
            {"seats": 2.5, "rating": str(n), "paid": "TRUE", "tags": "vip"},
        ][n % 4],
    }
    for n in range(24)
]


@pytest.fixture
def filled(store: Engine, now: dt.datetime) -> Engine:
    rows = [fields.draft(n, reader) for n, reader in enumerate(READERS)]
    report = intake.import_rows(lambda: database.writing(store), rows, file="r", now=now)
    assert report.added == len(READERS)
    return store
