"""Pauses: a domain that asks for less is left alone, longer each time, and forgiven in the end."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy.engine import Engine

from mailer.delivery import throttled_offer
from mailer.relay import slowdown
from mailer.relay.transport import Verdict, VerdictKind
from mailer.throttling import pauses
from mailer.throttling.throttle import Throttle
from recommender.settings import Settings
from recommender.storage import database

MINUTE = timedelta(minutes=1)
Hear = Callable[[Verdict, datetime], datetime | None]


def answer(words: str, command: str = "RCPT") -> Verdict:
    kinds = {"2": VerdictKind.ACCEPTED, "4": VerdictKind.DEFERRED, "5": VerdictKind.REFUSED}
    code, *rest = words.split(" ")
    enhanced = rest[0] if rest[0].count(".") == 2 else None
    return Verdict(kinds[code[0]], "mx:25", int(code), enhanced, words, command)


SLOW = answer("421 4.7.28 Our system has detected an unusual rate of mail")
GOOD = answer("250 2.0.0 queued", ".")


@pytest.fixture
def hear(store: Engine) -> Hear:
    """Hear a verdict for a message to example.com; until when it is then left alone."""

    def run(verdict: Verdict, now: datetime) -> datetime | None:
        throttle = Throttle(store, Settings(), lambda: now, skew=timedelta(0))
        throttled_offer.report(throttle, throttle.permits(), verdict, "reader@example.com")
        with database.reading(store) as session:
            return pauses.until(session, "example.com", now)

    return run


@pytest.mark.parametrize(
    ("words", "command", "who"),
    [
        ("421 4.7.28 Gmail has detected an unusual rate of unsolicited mail", "DATA", "domain"),
        ("421 4.7.0 [TSS04] Messages temporarily deferred", "RCPT", "domain"),
        ("451 4.7.650 The mail server has been temporarily rate limited", ".", "domain"),
        ("450 Too many messages, try again later", "RCPT", "domain"),
        ("454 Throttling failure: Maximum sending rate exceeded.", ".", "relay"),
        ("454 Throttling failure: Daily message quota exceeded.", ".", "relay"),
        ("450 too frequent sends, please try again later", ".", "relay"),
        ("450 4.7.1 Error: too much mail from 192.0.2.1", "MAIL", "relay"),
        ("450 4.2.0 Greylisted, try again later", "RCPT", None),
        ("451 4.7.1 Greylisting in action, please come back later", "RCPT", None),
        ("450 4.2.1 The user is receiving mail too quickly", "RCPT", None),
        ("452 4.2.2 mailbox full, quota exceeded", "RCPT", None),
        ("451 4.3.0 temporary lookup failure", "RCPT", None),
        ("550 5.7.1 rate limit", "RCPT", None),
        ("250 2.0.0 ok, rate 5", ".", None),
    ],
)
def test_who_asks_for_less_is_read_from_the_answer(
    words: str, command: str, who: str | None
) -> None:
    assert slowdown.asked_by(answer(words, command)) == who


def test_a_pause_doubles_up_to_an_hour(hear: Hear, now: datetime) -> None:
    minutes = []
    for _ in range(8):
        until = hear(SLOW, now)
        assert until is not None
        minutes.append((until - now) / MINUTE)
        now = until
    assert minutes == [1, 2, 4, 8, 16, 32, 60, 60]


def test_what_was_on_the_wire_when_the_pause_began_does_not_lengthen_it(
    hear: Hear, now: datetime
) -> None:
    until = hear(SLOW, now)
    assert hear(SLOW, now + MINUTE / 2) == until


def test_a_pause_is_in_the_store_and_outlives_the_sender(
    store: Engine, hear: Hear, now: datetime
) -> None:
    hear(SLOW, now)
    with database.reading(store) as session:
        [pause] = pauses.paused(session, now)
        assert pauses.paused(session, now + MINUTE) == []
    assert (pause.domain, pause.until) == ("example.com", now + MINUTE)
    assert "unusual rate" in pause.why


def test_success_shrinks_the_next_pause_and_is_forgotten_in_the_end(
    store: Engine, hear: Hear, now: datetime
) -> None:
    for _ in range(3):
        until = hear(SLOW, now)
        assert until is not None
        now = until
    assert hear(GOOD, now) is None  # too soon to forgive: it was paused for four minutes
    assert hear(GOOD, now + 4 * MINUTE) is None
    until = hear(SLOW, now + 4 * MINUTE)
    assert until == now + 8 * MINUTE  # four again, not eight
    for minutes in (20, 40, 60):
        hear(GOOD, now + minutes * MINUTE)
    with database.reading(store) as session:
        assert pauses.by_domain(session) == {}


def test_other_answers_change_nothing(store: Engine, hear: Hear, now: datetime) -> None:
    for verdict in (GOOD, answer("550 5.1.1 nobody"), answer("450 4.2.2 full")):
        assert hear(verdict, now) is None
    with database.reading(store) as session:
        assert pauses.by_domain(session) == {}


def test_domains_are_compared_without_case() -> None:
    assert pauses.domain_of("Reader@Example.COM") == "example.com"
    assert pauses.domain_of("a@Straße.example") == "xn--strae-oqa.example"


def test_a_pause_begun_by_a_clock_that_was_ahead_is_none_when_that_is_back(
    store: Engine, now: datetime
) -> None:
    with database.writing(store) as session:
        pauses.slow_down(session, "example.org", "slow down", now + timedelta(days=30))
    with database.writing(store) as session:
        assert pauses.paused(session, now) == []
        assert pauses.until(session, "example.org", now) is None
        pause = pauses.slow_down(session, "example.org", "slow down", now)
        assert now < pause.until <= now + timedelta(hours=1)
