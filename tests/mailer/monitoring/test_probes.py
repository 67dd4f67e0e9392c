"""What asking around found is kept until the next time, across processes and versions."""

from datetime import datetime

from sqlalchemy.engine import Engine

from mailer.monitoring import probes
from mailer.monitoring.probes import Probes, RelayProbe
from recommender.models import Property
from recommender.storage import database


def test_the_latest_is_kept_and_what_another_version_wrote_is_nothing(
    store: Engine, now: datetime
) -> None:
    with database.writing(store) as session:
        assert probes.latest(session) == probes.NEVER
        for up in (True, False):
            found = Probes(now, (RelayProbe("mx:25", up, 0.5),), now, 0.01)
            probes.note(session, found)
            assert probes.latest(session) == found
        kept = session.get(Property, probes.NAME)
        assert kept is not None
        kept.value = "[1]"
        session.flush()
        assert probes.latest(session) == probes.NEVER
