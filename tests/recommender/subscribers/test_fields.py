"""The table of fields: every field goes every way, and the model has its column."""

from datetime import datetime

from sqlalchemy.engine import Engine

from recommender.models import Frequency, Subscriber
from recommender.storage import database
from recommender.subscribers import fields, records, self_service
from recommender.subscribers.fields import FIELDS, STORED, TEXT_FIELDS

FULL = dict.fromkeys(TEXT_FIELDS, "Some text") | {
    "email": "reader@example.com", "name": "R. Reader", "roles": ["CTO"],
    "topics": {"AI Strategy": 2.0}, "timezone": "Asia/Tokyo", "locale": "de-AT",
    "status": "pending", "attributes": {"city": "Bern"}, "frequency": "monthly", "day": "friday",
    "hour": 7, "languages": ["de", "pt-BR"],
}  # fmt: skip


def test_every_field_is_a_column_of_the_model_or_has_rows_of_its_own() -> None:
    columns = set(Subscriber.table().c.keys())
    assert {field.name for field in STORED} <= columns
    assert {field.name for field in FIELDS} - columns == {"roles", "topics"}
    assert all(field.load is not None for field in FIELDS if field not in STORED)


def test_every_field_survives_its_cell() -> None:
    for field in FIELDS:
        value = FULL[field.name]
        assert field.kind.from_cell(field.kind.to_cell(value)) in (value, str(value)), field.name


def test_who_subscribes_gets_all_that_they_chose(store: Engine, now: datetime) -> None:
    with database.writing(store) as session:
        reader = self_service.request(session, fields.draft(1, FULL), now=now, proof={})
        assert reader is not None
        assert (reader.frequency, reader.day, reader.hour) == (Frequency.MONTHLY, "friday", 7)
        session.expire(reader)
        assert records.document(reader) == FULL
