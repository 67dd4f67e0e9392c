"""Mail handed over by LMTP is answered with 250 when it is kept, and not before."""

import smtplib
import socket
import threading
import time
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.inbound.mailboxes import LARGEST
from mailer.mime import return_path
from mailer.service import bounce_polling, lmtp
from recommender.errors import ConfigurationError, StoreAwayError
from recommender.models import InboundMessage
from recommender.settings import Settings
from recommender.storage import database
from tests.mailer.inbound.reports import bounce, failed

MESSAGE = bounce(failed("5.3.4", "552 5.3.4 too large")).replace(b"\n", b"\r\n")


def free() -> str:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"127.0.0.1:{taken.getsockname()[1]}"


def test_a_message_is_committed_before_the_answer_and_counts_once(
    store: Engine, now: datetime, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path, secret_key="a secret of more than forty characters")
    said: list[str] = []
    take = bounce_polling.taker(store, settings, lambda: now, said.append)
    with lmtp.listening(free(), take, said.append) as (host, port):
        for _ in range(2):
            with smtplib.LMTP(host, port) as client:
                refused = client.sendmail("", ["bounces@example.org"], MESSAGE)
                assert refused == {}
                with database.reading(store) as session:
                    [row] = session.scalars(sa.select(InboundMessage)).all()
                assert (row.way, row.kind, row.about) == ("lmtp", "soft", "message")
    assert said == ["a bounce about this sender, not about a reader: 5.3.4 552 5.3.4 too large"] * 2


def test_what_cannot_be_kept_is_for_the_mail_server_to_try_again() -> None:
    said: list[str] = []

    def fail(_: bytes) -> None:
        raise StoreAwayError("the store is away")

    with (
        lmtp.listening(free(), fail, said.append) as (host, port),
        smtplib.LMTP(host, port) as client,
    ):
        with pytest.raises(smtplib.SMTPDataError) as error:
            client.sendmail("", ["b@example.org"], MESSAGE)
        assert error.value.smtp_code == 451
        with pytest.raises(smtplib.SMTPSenderRefused) as large:
            client.sendmail("", ["b@example.org"], b"x" * (LARGEST + 1))
        assert large.value.smtp_code == 552
    assert said == ["LMTP: the store is away"]


def test_answers_that_are_still_to_be_mailed_keep_no_mail_server_waiting() -> None:
    began, go_on, done = threading.Event(), threading.Event(), list[int]()

    def mail() -> None:
        began.set()
        go_on.wait(10)
        done.append(len(taken))

    taken: list[bytes] = []
    with lmtp.listening(free(), taken.append, pytest.fail, mail) as (host, port):
        for number in (1, 2, 3):
            with smtplib.LMTP(host, port, timeout=5) as client:
                client.sendmail("", ["b@example.org"], b"Subject: x\r\n\r\nhello\r\n")
            assert began.wait(5)
            assert (len(taken), done) == (number, [])
        go_on.set()
        until = time.monotonic() + 5
        while done != [3, 3] and time.monotonic() < until:
            time.sleep(0.01)
    assert done == [3, 3], "once for the first, and once for those that came meanwhile"


def test_the_address_it_came_to_names_the_copy() -> None:
    secret = b"a secret of more than forty characters, really"
    seen: list[bytes] = []
    address = return_path.tagged("bounces@example.org", secret, 7)
    with (
        lmtp.listening(free(), seen.append, lambda _: None) as (host, port),
        smtplib.LMTP(host, port) as client,
    ):
        client.sendmail("", [address], b"Subject: x\r\n\r\nhello\r\n")
    assert seen[0].startswith(b"Return-Path: <>\r\nDelivered-To: " + address.encode())


def test_every_recipient_has_an_answer() -> None:
    with (
        lmtp.listening(free(), lambda _: None, lambda _: None) as place,
        socket.create_connection(place, 5) as connection,
        connection.makefile("rwb") as stream,
    ):
        for line in ("LHLO me", "MAIL FROM:<>", "RCPT TO:<a@b.c>", "RCPT TO:<d@e.f>", "DATA", "."):
            stream.write(f"{line}\r\n".encode())
        stream.write(b"QUIT\r\n")
        stream.flush()
        said = stream.read().decode().splitlines()
    assert said[-3:-1] == [lmtp.TAKEN] * 2


def test_it_listens_on_this_machine_only() -> None:
    for text in ("0.0.0.0:24", "192.0.2.1:24", "127.0.0.1", "mail.example.org:24"):
        with pytest.raises(ConfigurationError, match="this machine only"):
            lmtp.place(text)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        text = f"127.0.0.1:{taken.getsockname()[1]}"
        with (
            pytest.raises(ConfigurationError, match="cannot listen"),
            lmtp.listening(text, lambda _: None, lambda _: None),
        ):
            pass
