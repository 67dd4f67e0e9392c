"""A whole edition to servers that do wrong in every way SMTP allows: the sum holds, and the ledger
has the reason in the server's words."""

import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.delivery import campaign
from mailer.delivery.summary import Summary
from mailer.inbound import bounce_processing
from recommender.articles import intake as articles
from recommender.articles.values import ArticleDraft, ParsedArticle
from recommender.models import Delivery, DeliveryState, Subscriber, Suppression
from recommender.settings import Settings, load
from recommender.storage import database
from recommender.subscribers import fields, intake
from tests.conftest import Stores

from .relaying import HANG_UP, Serve, Server

S = DeliveryState
READERS = 6
SIX = tuple(f"reader{n}@example.com" for n in range(READERS))
Script = dict[str, object]
Row = tuple[DeliveryState, str | None, str | None]


@pytest.fixture(scope="module")
def planned(
    stores: Stores, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[tuple[str, ...]], str]:
    """The URL of a store with an edition planned for these addresses; made once for each."""
    now = datetime.now(UTC)
    draft = ArticleDraft(
        key="one",
        title="Five generations of TPUs",
        summary="The core hardly changed in eight years. Memory and links around it did.",
        topics=("TPU Development",),
        published_at=now - timedelta(hours=1),
    )

    @cache
    def plan(addresses: tuple[str, ...]) -> str:
        home = tmp_path_factory.mktemp("planned")
        url = stores.copy(stores.migrated, home)
        engine = database.connect(url)
        found = [ParsedArticle(draft, "sample", 1)]
        articles.import_articles(lambda: database.writing(engine), found, now=now)
        rows = [
            fields.draft(n, {"email": name, "topics": {"TPU Development": 3}})
            for n, name in enumerate(addresses)
        ]
        intake.import_rows(lambda: database.writing(engine), rows, file="readers", now=now)
        campaign.plan(engine, configured(home), period="2026-W48", now=now)
        stores.settle(engine)
        return url

    return plan


def configured(home: Path, *servers: Server, **changes: object) -> Settings:
    urls = ",".join(f"smtp://127.0.0.1:{server.port}?starttls=never" for server in servers)
    given = {"smtp_url": urls or None, "connections": 2, "timeout_seconds": 1}
    settings = load(environment={"NEWSLETTER_HOME": str(home)})
    return settings.replace(**given | {"stop_when_bouncing": 1.0} | changes)


@pytest.fixture
def engine(store_asked_for: Engine) -> Engine:
    return store_asked_for


Edition = Callable[..., tuple[Summary, list[Row]]]


@pytest.fixture
def edition(
    planned: Callable[[tuple[str, ...]], str], stores: Stores, engine: Engine, tmp_path: Path
) -> Edition:
    """Send an edition for six readers (or the ``addresses`` given) to ``servers``; the summary, and
    the rows of the ledger in order."""

    def run(
        *servers: Server,
        addresses: tuple[str, ...] = SIX,
        stop: threading.Event | None = None,
        **changes: object,
    ) -> tuple[Summary, list[Row]]:
        stores.put(planned(addresses), engine)
        return send(engine, configured(tmp_path, *servers, **changes), stop)

    return run


def send(
    engine: Engine, settings: Settings, stop: threading.Event | None = None
) -> tuple[Summary, list[Row]]:
    """Send what is due, and see that the sum holds."""
    summary = campaign.send(
        engine,
        settings,
        edition_id=1,
        clock=lambda: datetime.now(UTC),
        stop=stop or threading.Event(),
        at_local_time=False,
    )
    assert summary.due == (
        summary.sent
        + summary.failed
        + summary.deferred
        + sum(summary.skipped.values())
        + summary.in_doubt
    )
    with database.reading(engine) as session:
        copies = session.scalars(sa.select(Delivery).order_by(Delivery.number)).all()
    assert not {S.CLAIMED, S.ON_WIRE} & {copy.state for copy in copies}
    return summary, [(copy.state, copy.reason, copy.reply) for copy in copies]


def each(rows: list[Row]) -> Counter[DeliveryState]:
    return Counter(state for state, _, _ in rows)


ANSWERS: dict[str, tuple[Script, DeliveryState, str, str]] = {
    "MAIL 4xx": ({"MAIL": b"451 4.3.0 not now\r\n"}, S.DEFERRED, "4.3.0", "451 4.3.0 not now"),
    "RCPT 4xx": ({"RCPT": b"450 greylisted\r\n"}, S.DEFERRED, "450", "450 greylisted"),
    "RCPT 5xx": ({"RCPT": b"550 5.1.1 no\r\n"}, S.FAILED, "5.1.1", "550 5.1.1 no"),
    "RCPT policy": ({"RCPT": b"550 5.7.1 spam\r\n"}, S.FAILED, "5.7.1", "550 5.7.1 spam"),
    "DATA 4xx": ({"DATA": b"452 4.3.1 no room\r\n"}, S.DEFERRED, "4.3.1", "452 4.3.1 no room"),
    "DATA 5xx": ({"DATA": b"554 5.6.0 no\r\n"}, S.FAILED, "5.6.0", "554 5.6.0 no"),
    "dot 4xx": ({"DOT": b"451 later\r\n"}, S.DEFERRED, "451", "451 later"),
    "dot 5xx": (
        {"DOT": b"554-5.6.0 a\r\n554 5.6.0 b\r\n"},
        S.FAILED,
        "5.6.0",
        "554 5.6.0 a 5.6.0 b",
    ),
    "dot, gone": ({"DOT": HANG_UP}, S.IN_DOUBT, "", "the server closed the connection"),
    "dot, half": ({"DOT": b"250 2.0"}, S.IN_DOUBT, "", "the server closed the connection"),
    "dot, silent": ({"DOT": None}, S.IN_DOUBT, "", "no answer within 1 s"),
    "dot, slow": ({"DOT": (b"250 2.0.0 ok\r\n", 0.3)}, S.IN_DOUBT, "", "no "),
    "dot, garbage": ({"DOT": b"\xff\xfe\r\n"}, S.IN_DOUBT, "", "not an SMTP reply"),
    "too large": ({}, S.FAILED, "5.3.4", "552 5.3.4"),
}


SLOW_TO_WAIT_FOR = ("dot, silent", "dot, slow")
ONE_BY_ONE = [(case, False) for case in ANSWERS if case not in SLOW_TO_WAIT_FOR]


@pytest.mark.parametrize(("case", "pipelining"), [*((case, True) for case in ANSWERS), *ONE_BY_ONE])
def test_every_answer_is_in_the_ledger_with_its_words(
    serve: Serve, edition: Edition, case: str, *, pipelining: bool
) -> None:
    script, state, reason, words = ANSWERS[case]
    offers = ("PIPELINING",) * pipelining + ("8BITMIME",)
    if case == "too large":
        offers += ("SIZE 1000",)
    summary, rows = edition(
        serve(offers, **script), addresses=("one@example.com", "two@example.com")
    )
    assert each(rows) == {state: 2}
    for _, given, reply in rows:
        assert given == reason
        assert str(reply).startswith(words)
    assert summary.trouble is None


OURS: dict[str, tuple[Script, str]] = {
    "banner 4xx": ({"GREETING": b"421 4.3.2 not now\r\n"}, "421 4.3.2 not now"),
    "banner 5xx": ({"GREETING": b"554 5.3.2 no service\r\n"}, "554 5.3.2 no service"),
    "banner garbage": ({"GREETING": b"hello\r\n"}, "not an SMTP reply"),
    "banner silent": ({"GREETING": None}, "no answer"),
    "EHLO and HELO 5xx": ({"EHLO": b"550 no\r\n", "HELO": b"550 no\r\n"}, "550 no"),
    "EHLO 4xx": ({"EHLO": b"421 later\r\n", "HELO": b"421 later\r\n"}, "421 later"),
    "EHLO gone": ({"EHLO": HANG_UP}, "closed the connection"),
    "MAIL 5xx": ({"MAIL": b"550 5.7.1 who are you\r\n"}, "550 5.7.1 who are you"),
    "MAIL auth": ({"MAIL": b"530 5.7.0 Authentication required\r\n"}, "530 5.7.0 Authentication"),
    "RCPT relay": ({"RCPT": b"554 5.7.1 <r>: Relay access denied\r\n"}, "Relay access denied"),
    "dot, sender": ({"DOT": b"554 Email address is not verified. Identity\r\n"}, "not verified"),
    "MAIL gone": ({"MAIL": HANG_UP}, "closed the connection"),
    "DATA half": ({"DATA": b"35"}, "closed the connection"),
}


@pytest.mark.parametrize("case", OURS)
def test_a_relay_that_does_not_work_for_us_fails_nobody(
    serve: Serve, edition: Edition, case: str
) -> None:
    script, words = OURS[case]
    summary, rows = edition(serve(**script))
    assert not {S.FAILED, S.SENT, S.IN_DOUBT, S.SKIPPED} & set(each(rows))
    assert summary.deferred == READERS
    assert summary.trouble is not None
    assert words in summary.trouble
    assert each(rows)[S.DEFERRED] <= 5  # three strikes, and the other connection's


@pytest.mark.parametrize("case", [case for case in OURS if not case.startswith("dot")])
def test_another_relay_takes_what_the_first_will_not(
    serve: Serve, edition: Edition, case: str
) -> None:
    script, _ = OURS[case]
    summary, rows = edition(serve(**script), serve())
    assert each(rows) == {S.SENT: READERS}
    assert summary.trouble is None


@pytest.mark.parametrize(
    ("answer", "suppressed"),
    [
        (b"550 5.1.1 nobody\r\n", True),
        (b"550 user unknown\r\n", True),
        (b"553 no mailbox here by that name (#5.1.1)\r\n", True),
        (b"550 blocked: your address has a poor reputation\r\n", False),
        (b"550 5.7.1 user unknown to our policy\r\n", False),
        (b"552 5.2.2 mailbox is full\r\n", False),
        (b"550 mailbox unavailable\r\n", False),
    ],
)
def test_only_a_dead_mailbox_is_never_mailed_again(
    serve: Serve,
    edition: Edition,
    engine: Engine,
    answer: bytes,
    *,
    suppressed: bool,
) -> None:
    summary, _ = edition(serve(RCPT=[answer]), addresses=("a@example.com", "b@example.com"))
    assert (summary.sent, summary.failed) == (1, 1)
    with database.reading(engine) as session:
        assert len(session.scalars(sa.select(Suppression)).all()) == int(suppressed)


def test_an_international_address_fails_alone_and_only_where_no_relay_takes_it(
    serve: Serve, edition: Edition
) -> None:
    names = ("jörg@example.com", "r@example.com")
    summary, rows = edition(serve(), addresses=names)
    assert (summary.failed, summary.sent) == (1, 1)
    assert rows[0][1] == "5.6.7"
    assert "SMTPUTF8" in str(rows[0][2])


def test_an_international_address_goes_by_the_relay_that_takes_it(
    serve: Serve, edition: Edition
) -> None:
    able = serve(("PIPELINING", "8BITMIME", "SMTPUTF8"))
    summary, _ = edition(serve(), able, addresses=("jörg@example.com", "r@example.com"))
    assert summary.sent == 2
    assert len(able.texts) == 1


def test_a_server_without_8bitmime_gets_all_it_can_take(serve: Serve, edition: Edition) -> None:
    summary, _ = edition(serve(()))
    assert summary.sent == READERS


def test_one_bad_answer_among_good_ones_costs_one_reader(serve: Serve, edition: Edition) -> None:
    server = serve(RCPT=[b"250 ok\r\n", b"554 5.7.1 Relay access denied\r\n", b"250 ok\r\n"])
    summary, rows = edition(server)
    assert each(rows) == {S.SENT: READERS - 1, S.DEFERRED: 1}
    assert summary.trouble is None


@pytest.mark.parametrize(
    ("script", "sent"),
    [
        ({"MAIL": [b"450 4.7.1 Error: too much mail from 192.0.2.1\r\n"] * 2}, READERS),
        ({"DOT": [b"454 Throttling failure: Maximum sending rate exceeded.\r\n"]}, READERS - 1),
    ],
)
def test_a_relay_that_asks_for_less_is_no_reason_to_stop_the_edition(
    serve: Serve, edition: Edition, engine: Engine, script: Script, sent: int
) -> None:
    summary, rows = edition(serve(**script))
    assert each(rows) == {S.SENT: sent} | ({S.DEFERRED: 1} if sent < READERS else {})
    assert summary.trouble is None
    with database.reading(engine) as session:
        tried = {c.state: c.attempts for c in session.scalars(sa.select(Delivery))}
    assert tried.get(S.DEFERRED, 0) == 0


def test_a_deferred_copy_is_sent_later_or_given_up_in_the_end(
    serve: Serve, edition: Edition, engine: Engine, tmp_path: Path
) -> None:
    server = serve(RCPT=[b"450 4.2.0 greylisted\r\n"] * 2)
    summary, _ = edition(server, addresses=("a@example.com", "b@example.com"))
    assert summary.deferred == 2
    later = datetime.now(UTC) - timedelta(seconds=1)
    with database.writing(engine) as session:
        first, second = session.scalars(sa.select(Delivery).order_by(Delivery.number))
        assert 240 < (first.due_at - datetime.now(UTC)).total_seconds() < 380
        assert first.due_at != second.due_at
        first.due_at, second.due_at, second.expires_at = later, later, later
    summary, rows = send(engine, configured(tmp_path, server))
    assert (summary.sent, summary.skipped) == (1, {"expired": 1})
    assert rows[1] == (S.SKIPPED, "expired", "450 4.2.0 greylisted")


@pytest.mark.parametrize("stage", ["GREETING", "EHLO", "RCPT", "DOT"])
def test_a_relay_that_hangs_holds_nobody_up_who_wants_to_stop(
    serve: Serve, edition: Edition, stage: str
) -> None:
    server, stop, told = serve(**{stage: None}), threading.Event(), [0.0]

    def tell() -> None:
        give_up = time.monotonic() + 60
        while server.hanging < 2 and time.monotonic() < give_up:
            time.sleep(0.01)
        told[0] = time.monotonic()
        stop.set()

    watching = threading.Thread(target=tell)
    watching.start()
    summary, rows = edition(server, timeout_seconds=60, stop=stop)
    assert time.monotonic() - told[0] < 10
    watching.join()
    doubts = 2 if stage == "DOT" else 0
    assert each(rows)[S.IN_DOUBT] == doubts == summary.in_doubt
    assert summary.deferred == READERS - doubts


def test_the_return_path_that_a_relay_sees_brings_a_bounce_back_to_its_copy(
    serve: Serve, edition: Edition, engine: Engine, tmp_path: Path, now: datetime
) -> None:
    server = serve()
    edition(server, connections=1, verp=True, bounce_address="bounces@example.org")
    said = iter(server.commands)
    envelopes = {
        next(said).partition("<")[2].partition(">")[0]: line.partition("<")[2].partition(">")[0]
        for line in said
        if line.startswith("MAIL FROM:")
    }  # whom each return path was for: the RCPT that follows
    assert sorted(envelopes) == sorted(SIX)
    assert len(set(envelopes.values())) == READERS
    assert all(re.fullmatch(r"bounces\+[0-9a-f]+@example\.org", one) for one in envelopes.values())
    bounced = SIX[3]
    notice = (
        f"Return-Path: <>\r\nTo: <{envelopes[bounced]}>\r\nFrom: MAILER-DAEMON@mx.example.net\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n"
        "Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 no user\r\n\r\n--b--\r\n"
    )
    report = bounce_processing.process(
        lambda: database.writing(engine),
        [notice.encode()],
        rules=bounce_processing.Rules(configured(tmp_path, server).secrets),
        now=now,
        set_aside=lambda _data, why: pytest.fail(why),
    )
    assert (report.hard, report.matched) == (1, 1)
    with database.reading(engine) as session:
        found = session.scalars(sa.select(Subscriber.email).where(Subscriber.status == "bounced"))
        assert list(found) == [bounced]
