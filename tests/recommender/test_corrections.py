"""The log of corrections."""

from datetime import datetime

from sqlalchemy.engine import Engine

from recommender import corrections
from recommender.corrections import Author
from recommender.models import CorrectionKind
from recommender.storage import database


def test_changes_are_what_differs_and_no_address_is_among_them() -> None:
    before = {"email": "a@example.com", "name": "A", "hour": 7}
    after = {"email": "b@example.com", "name": "B", "hour": 7}
    found = corrections.changes(before, after)
    assert found == {"email": {}, "name": {"before": "A", "after": "B"}}


def test_corrections_of_terms_are_found_by_kind_and_name(store: Engine, now: datetime) -> None:
    with database.writing(store) as session:
        for subject, term in (("topic", "Chips"), ("topic", "Film"), ("role", "Chips")):
            corrections.of_term(
                session, CorrectionKind.HIDE, subject, term,  # type: ignore[arg-type]  # of a list
                author=Author("jane", now), summary={"readers": 2},
            )  # fmt: skip
    with database.reading(store) as session:
        assert [one["topic"] for one in corrections.of_terms(session, "topic")] == ["Chips", "Film"]
        (found,) = corrections.of_terms(session, "role", "Chips")
        assert (found["by"], found["kind"], found["summary"]) == ("jane", "hide", {"readers": 2})
