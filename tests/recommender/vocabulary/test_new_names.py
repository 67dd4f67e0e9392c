from sqlalchemy.engine import Engine

from recommender.storage import database
from recommender.vocabulary import new_names


def test_a_name_that_is_new_comes_with_the_nearest_that_is_offered(store: Engine) -> None:
    with database.reading(store) as session:
        found = new_names.of(
            session, {"topic": ["AI Stratgy", "ai strategy", "ai stratgy", ""], "role": ["Xyzzy"]}
        )
    assert [one.sentence() for one in found] == [
        "the topic 'AI Stratgy' is new; the nearest known one is 'AI Strategy'",
        "the role 'Xyzzy' is new",
    ]
