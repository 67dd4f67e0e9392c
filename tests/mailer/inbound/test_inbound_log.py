"""A message is acted on once, by whatever way and however often it comes."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.inbound import bounce_processing, inbound_log
from recommender.models import InboundMessage
from recommender.storage import database

from .reports import bounce, failed

RULES = bounce_processing.Rules((b"a secret of more than forty characters, really",))


def test_the_same_message_is_noted_once(store: Engine, now: datetime) -> None:
    message = bounce(failed("5.3.4", "552 5.3.4 too large"))
    for way in ("imap", "file"):
        report = bounce_processing.process(
            lambda: database.writing(store),
            [message],
            rules=RULES,
            now=now,
            set_aside=lambda _, __: None,
            way=way,
        )
        assert (report.soft, report.of_sender) == (1, ["5.3.4 552 5.3.4 too large"])
    with database.reading(store) as session:
        [row] = session.scalars(sa.select(InboundMessage)).all()
    assert (row.key, row.way, row.kind, row.about) == (
        inbound_log.key(message), "imap", "soft", "message",
    )  # fmt: skip
    assert (row.subscriber_id, row.answer) == (None, None)
