"""Which sponsor is in whose copy."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.edition import sponsors
from mailer.edition.edition_settings import EditionSettings
from mailer.edition.sponsors import Slots
from recommender.errors import ConflictError, NotFoundError
from recommender.models import Newsletter, Sponsor
from recommender.storage import database
from tests.conftest import NOW


def sponsor(name: str, first: date, last: date | None, segment: str | None = None) -> Sponsor:
    return Sponsor(
        newsletter_id=1, name=name, text=name, url=f"https://{name}.example", segment=segment,
        first_day=first, last_day=last, made_by="a", made_at=NOW,
    )  # fmt: skip


def test_sponsors_are_in_the_editions_of_their_days_those_of_a_segment_first(store: Engine) -> None:
    with database.writing(store) as session:
        newsletter = session.scalars(sa.select(Newsletter)).one()
        session.add_all(
            [
                sponsor("a", date(2026, 11, 26), date(2026, 11, 26)),
                sponsor("b", date(2026, 11, 1), None),
                sponsor("c", date(2026, 11, 27), None),
                sponsor("d", date(2026, 11, 1), date(2026, 11, 25)),
                sponsor("e", date(2026, 11, 1), None, "few"),
            ]
        )
        session.flush()
        terms = EditionSettings(
            picks=6, relevance_floor=0.1, horizon_days=60, schedule="thu 08:00", timezone="UTC",
            local_time=False,
        )  # fmt: skip
        found = sponsors.slots(session, newsletter.id, terms, "2026-W48", NOW)
        names = {row.id: row.name for row in session.scalars(sa.select(Sponsor))}
        assert [names[key] for key, _ in found.sponsors] == ["e", "a", "b"]
        sponsors.remove(session, newsletter.id, found.sponsors[1][0], by="z", now=NOW)
        found = sponsors.slots(session, newsletter.id, terms, "2026-W48", NOW)
        assert [names[key] for key, _ in found.sponsors] == ["e", "b"]
        later = sponsors.slots(session, newsletter.id, terms, "2026-W49", NOW)
        assert [names[key] for key, _ in later.sponsors] == ["e", "b", "c"]
        late = sponsors.slots(session, newsletter.id, terms, "2026-W48", NOW + timedelta(days=3))
        assert [names[key] for key, _ in late.sponsors] == ["e", "b", "c"]
        states = {row["name"]: row["state"] for row in sponsors.listing(session, 1, NOW.date())}
        assert states == {"a": "removed", "b": "running", "c": "to come", "d": "running",
                          "e": "running"}  # fmt: skip
        with pytest.raises(NotFoundError):
            sponsors.remove(session, newsletter.id, 99, by="z", now=NOW)
        with pytest.raises(ConflictError):
            sponsors.remove(session, newsletter.id, min(names), by="z", now=NOW)


def test_a_reader_has_at_most_one() -> None:
    slots = Slots([(1, "few"), (2, None), (3, None)])
    assert (slots.of(("few", "b")), slots.of(()), Slots([(1, "few")]).of(())) == (1, 2, None)
    assert slots.segments == ["few"]
