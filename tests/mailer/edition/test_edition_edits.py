"""What editors give an edition, in the store."""

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.edition import edition_edits
from recommender.errors import ConflictError
from recommender.models import (
    Edition,
    EditionEdit,
    EditionEditKind,
    EditionState,
    Newsletter,
    TemplateVersion,
)
from recommender.storage import database
from tests.conftest import NOW

NOTE = EditionEditKind.NOTE


def test_every_word_is_kept_with_who_and_when(store: Engine) -> None:
    with database.writing(store) as session:
        newsletter = session.scalars(sa.select(Newsletter)).one()
        for by, text in (("a", "one"), ("b", "two"), ("c", None)):
            edition_edits.make(session, newsletter, "2026-W48", NOTE, text, by=by, now=NOW)
        edition_edits.make(session, newsletter, "2026-W49", NOTE, "next", by="d", now=NOW)
        rows = edition_edits.history(session, "weekly", "2026-W48")
        assert [(row.value, row.made_by, row.ended_by) for row in rows] == [
            ("one", "a", "b"),
            ("two", "b", "c"),
        ]
        assert edition_edits.current(session, "weekly", "2026-W48").notes == {}
        assert edition_edits.current(session, "weekly", "2026-W49").notes == {None: "next"}


@pytest.mark.parametrize("state", [EditionState.PLANNING, EditionState.SENDING])
def test_an_edition_that_is_planned_or_sent_at_this_moment_is_left_alone(
    store: Engine, state: EditionState
) -> None:
    with database.writing(store) as session:
        newsletter = session.scalars(sa.select(Newsletter)).one()
        session.add(TemplateVersion(hash="h", name="weekly", html="", text="", at=NOW))
        session.flush()
        started = NOW if state == EditionState.SENDING else None
        session.add(
            Edition(
                newsletter_id=newsletter.id, period="2026-W48", state=state, template_hash="h",
                planned_at=NOW, started_at=started,
            )
        )  # fmt: skip
        session.flush()
        with pytest.raises(ConflictError, match="2026-W48"):
            edition_edits.make(session, newsletter, "2026-W48", NOTE, "x", by="a", now=NOW)
        assert session.scalar(sa.select(sa.func.count(EditionEdit.id))) == 0
