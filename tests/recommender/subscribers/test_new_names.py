"""Topics and roles that nobody knew are named once, with the nearest that is known."""

from sqlalchemy.engine import Engine

from recommender import vocabulary
from recommender.storage import database
from recommender.subscribers.new_names import NewNames

from .conftest import Import, lines


def test_a_new_name_is_said_with_the_nearest_known_one(import_: Import, store: Engine) -> None:
    report = import_(
        lines(
            {"email": "a@example.com", "topics": ["AI Stratgy", "AI Strategy"]},
            {"email": "b@example.com", "topics": ["ai stratgy"], "roles": ["Beekeeper"]},
        )
    )
    first, second = report.warnings
    assert (first.line, second.line) == (1, 2)
    assert first.why.startswith(
        "topics: 'AI Stratgy' is new; the nearest known one is 'AI Strategy'"
    )
    assert second.why.startswith("roles: 'Beekeeper' is new; it is kept for the reader")
    with database.reading(store) as session:
        assert "AI Stratgy" not in vocabulary.offered(session, "topic")


def test_a_second_import_and_a_dry_run_of_many_batches_say_it_once(
    import_: Import, store: Engine
) -> None:
    rows = lines({"email": "a@example.com", "topics": ["Beekeeping"]})
    assert import_(rows, dry_run=True).warnings.number == 1
    assert import_(rows).warnings.number == 1
    assert import_(rows).warnings.number == 0
    names = NewNames()
    with database.reading(store) as session:
        met = [names.described(session, "topic", ["Apiaries", "APIARIES", ""]) for _ in range(2)]
    assert [len(one) for one in met] == [1, 0]
