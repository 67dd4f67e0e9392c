import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recommender import segments
from recommender.models import Subscriber
from recommender.storage import database
from tests.conftest import NOW


def test_each_reader_is_named_with_their_segments_by_name(filled: Engine) -> None:
    with database.writing(filled) as session:
        segments.create(session, "org", 'email ends with ".org"', now=NOW)
        segments.create(session, "few", None, now=NOW)
        segments.add_members(session, "few", ["r1@example.com", "r2@other.example.org"])
        ids = {
            email: key for key, email in session.execute(sa.select(Subscriber.id, Subscriber.email))
        }
        found = segments.memberships(session, ["org", "few", "gone"], sa.true(), NOW)
        assert found[ids["r1@example.com"]] == ("few",)
        assert found[ids["r2@other.example.org"]] == ("few", "org")
        assert found[ids["r4@other.example.org"]] == ("org",)
        assert len(found) == 13
        one = Subscriber.id == ids["r1@example.com"]
        assert segments.memberships(session, ["few", "org"], one, NOW) == {
            ids["r1@example.com"]: ("few",)
        }
        assert segments.memberships(session, [], sa.true(), NOW) == {}
