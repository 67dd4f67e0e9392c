"""What came back is counted by what it says, and one bad message stops no other."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer.inbound import bounce_processing, formats
from mailer.inbound.notification import Notification
from recommender.errors import StoreAwayError
from recommender.storage import database

from .reports import bounce, complaint, failed

RULES = bounce_processing.Rules((b"a secret of more than forty characters, really",))
MESSAGES = [
    bounce(failed("5.1.1", "550 5.1.1 no such user")),
    bounce(failed("5.2.2", "552 5.2.2 mailbox full")),
    complaint("abuse"),
    b"Auto-Submitted: auto-replied\n\nback on Monday\n",
    b"Subject: hello\n\nhello\n",
]
Begin = Callable[[], AbstractContextManager[Session]]


def processed(begin: Begin, now: datetime) -> tuple[dict[str, int], list[str]]:
    aside: list[str] = []
    report = bounce_processing.process(
        begin, MESSAGES, rules=RULES, now=now, set_aside=lambda _, why: aside.append(why)
    )
    return report.document(), aside


def test_messages_are_counted_by_what_they_say_and_those_of_others_match_nothing(
    store: Engine, now: datetime
) -> None:
    counts, aside = processed(lambda: database.writing(store), now)
    names = ("read", "recognised", "hard", "soft", "complaints", "replies", "ignored", "matched")
    assert [counts[name] for name in names] == [5, 3, 1, 1, 1, 1, 1, 0]
    assert aside == []


def test_a_message_that_cannot_be_parsed_is_set_aside_and_the_others_count(
    store: Engine, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    parse = formats.parse

    def fails_for_one(data: bytes) -> Notification | None:
        if data == MESSAGES[0]:
            raise RecursionError
        return parse(data)

    monkeypatch.setattr(formats, "parse", fails_for_one)
    counts, aside = processed(lambda: database.writing(store), now)
    assert (counts["hard"], counts["soft"], counts["ignored"]) == (0, 1, 2)
    assert aside == ["RecursionError"]


def test_a_store_that_is_away_ends_it(now: datetime) -> None:
    def away() -> AbstractContextManager[Session]:
        raise StoreAwayError("the server is away")

    with pytest.raises(StoreAwayError):
        processed(away, now)
