"""The import of readers: what goes in, what is refused, and what is never done."""

from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recommender.errors import InputError
from recommender.models import ConsentEvent, Status, Subscriber
from recommender.storage import database
from recommender.subscribers import audience, consent, records

from .conftest import Import, lines


def held(store: Engine, email: str) -> dict[str, Any]:
    with database.reading(store) as session:
        return records.document(records.find(session, email))


def test_csv_and_jsonl_say_the_same(import_: Import, store: Engine) -> None:
    import_(
        "email,name,roles,topics,timezone\n"
        'a@example.com,"Reader, one",CTO;Investor,AI Strategy:3;Robotics Automation,Asia/Tokyo\n',
        "readers.csv",
    )
    before = held(store, "a@example.com")
    report = import_(lines(before))
    assert (report.read, report.unchanged) == (1, 1)
    assert before["topics"] == {"AI Strategy": 3.0, "Robotics Automation": 1.0}


def test_a_second_import_changes_nothing(import_: Import) -> None:
    rows = lines(*({"email": f"r{n}@example.com", "topics": {"Data": n % 3}} for n in range(50)))
    assert import_(rows).added == 50
    again = import_(rows)
    assert (again.added, again.updated, again.unchanged) == (0, 0, 50)


def test_bad_rows_are_named_by_line_and_the_rest_go_in(import_: Import, store: Engine) -> None:
    report = import_(
        '{"email": "a@example.com"}\nnot json\n{"email": "nobody"}\n'
        '{"email": "b@example.com", "topics": {"Data": 9}}\n'
        '{"email": "c@example.com", "name": "two\\nlines"}\n'
        '{"email": "d@example.com", "timezone": "Mars/Olympus"}\n'
        '{"email": "A@example.com"}\n{"email": "e@example.com"}\n'
    )
    assert (report.read, report.added) == (8, 2)
    assert [(r.line, r.why.split(":")[0]) for r in report.rejected] == [
        (2, "not JSON"),
        (3, "email"),
        (4, "topics"),
        (5, "name"),
        (6, "timezone"),
        (7, "email"),
    ]


def test_a_dry_run_reports_the_same_and_changes_nothing(import_: Import, store: Engine) -> None:
    rows = lines({"email": "a@example.com"}, {"email": "b"})
    dry = import_(rows, dry_run=True)
    assert (dry.added, len(dry.rejected)) == (1, 1)
    with database.reading(store) as session:
        assert session.scalar(sa.select(sa.func.count(Subscriber.id))) == 0


@pytest.mark.parametrize("status", ["unsubscribed", "bounced", "complained"])
def test_who_has_left_is_never_reactivated(import_: Import, store: Engine, status: str) -> None:
    import_(lines({"email": "a@example.com", "status": status}))
    report = import_(lines({"email": "a@example.com", "status": "active", "name": "Back"}))
    assert (report.held, report.updated) == (1, 1)
    assert held(store, "a@example.com")["status"] == status


def test_a_suppressed_address_is_never_taken(import_: Import, store: Engine, now: datetime) -> None:
    with database.writing(store) as session:
        consent.suppress(session, "gone@example.com", reason="complaint", now=now, proof={})
    report = import_(lines({"email": "Gone@Example.com"}))
    assert (report.added, report.rejected[0].line) == (0, 1)
    assert "suppressed" in report.rejected[0].why


def test_every_new_status_is_in_the_consent_log(import_: Import, store: Engine) -> None:
    import_(lines({"email": "a@example.com", "status": "pending"}))
    import_(lines({"email": "a@example.com", "status": "active"}))
    with database.reading(store) as session:
        log = session.scalars(sa.select(ConsentEvent).order_by(ConsentEvent.id)).all()
    assert [(e.before, e.after, e.source) for e in log] == [
        (None, Status.PENDING, "import"),
        (Status.PENDING, Status.ACTIVE, "import"),
    ]


def test_what_a_row_does_not_say_stays(import_: Import, store: Engine) -> None:
    import_(lines({"email": "a@example.com", "name": "A", "roles": ["CTO"], "topics": ["Data"]}))
    import_(lines({"email": "a@example.com", "locale": "de"}))
    found = held(store, "a@example.com")
    assert (found["name"], found["roles"], found["locale"]) == ("A", ["CTO"], "de")
    import_(lines({"email": "a@example.com", "roles": []}))
    assert held(store, "a@example.com")["roles"] == []


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("empty.csv", b"", "empty"),
        ("empty.jsonl", b"", "empty"),
        ("x.csv", b"name,topics\na,b\n", "no 'email' column"),
        ("x.csv", b"email,name,name\n", "a column is named twice: name"),
        ("x.csv", b"PK\x03\x04", "save the sheet as CSV"),
        ("x.xlsx", b"PK", "expected a .csv, .tsv or .jsonl"),
    ],
)
def test_a_file_that_cannot_be_read_at_all_says_why(
    import_: Import, name: str, content: bytes, why: str
) -> None:
    with pytest.raises(InputError, match=why):
        import_(content, name)


def test_binary_wrong_encoding_and_an_endless_line_are_rejected_alone(import_: Import) -> None:
    report = import_(
        b'{"email": "a@example.com"}\n\xff\xfe\n\x00\x01\n{"email": "'
        + b"x" * 5_000_000
        + b'"}\n{"email": "b@example.com"}\n'
    )
    assert report.added == 2
    assert [r.line for r in report.rejected] == [2, 3, 4]


def test_topics_keep_the_order_in_which_they_were_given(import_: Import, store: Engine) -> None:
    given = ["TPU Development", "Data", "AI Strategy"]
    import_(lines({"email": "a@example.com", "topics": given}))
    assert list(held(store, "a@example.com")["topics"]) == given
    report = import_(lines({"email": "a@example.com", "topics": given[::-1]}))
    assert report.updated == 1
    with database.reading(store) as session:
        [member] = next(audience.batches(session, sa.true()))
    assert list(member.reader.topics) == given[::-1]
