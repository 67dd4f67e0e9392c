"""POP3: of a message that is too large the beginning is taken; signing in with a token."""

import base64
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailer.inbound.polling import mailbox_url, pop3
from recommender.errors import MailboxError
from tests.mailer.dovecot import Dovecot


def test_of_a_large_message_the_beginning_is_taken(
    dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pop3, "LARGEST", 1_000)
    dovecot.add(b"Subject: large\r\n\r\n" + b"x" * 70 + b"\r\n" * 500, "large")
    dovecot.add(b"Subject: " + b"y" * 2_000 + b"\r\n\r\n", "wide")
    [mailbox] = mailbox_url.parse(dovecot.url("pop3s"))
    found = list(pop3.collect(mailbox, timeout=10, seconds=10))
    assert [message[:9] for message in found] == [b"Subject: "] * 2
    assert max(len(message) for message in found) <= 1_002


class Scripted:
    """A POP3 server that takes one session and signs in by AUTH XOAUTH2 only."""

    def __init__(self, *, accepts: bool) -> None:
        self.heard: list[str] = []
        self.accepts = accepts
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.close()
        self._thread.join(10)

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection, connection.makefile("rwb") as stream:

            def ask(text: str) -> str:
                stream.write(text.encode() + b"\r\n")
                stream.flush()
                return stream.readline().decode().strip()

            answer = "+OK hello"
            while command := ask(answer):
                self.heard.append(command)
                answer = {"LIST": "+OK\r\n1 5\r\n.", "RETR 1": "+OK\r\nhello\r\n."}.get(
                    command, "+OK"
                )
                if command == "AUTH XOAUTH2":
                    self.heard.append(base64.b64decode(ask("+ ")).decode())
                    if not self.accepts:
                        why = base64.b64encode(b'{"status":"401"}').decode()
                        self.heard.append(ask(f"+ {why}"))
                        answer = "-ERR [AUTH] Authentication failed"


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Scripted]:
    scripted = Scripted(accepts=getattr(request, "param", True))
    yield scripted
    scripted.close()


def url(server: Scripted, login: str = "me%40example.org:the-token", more: str = "") -> str:
    return f"pop3://{login}@127.0.0.1:{server.port}?starttls=never&auth=xoauth2{more}"


def test_an_access_token_signs_in(server: Scripted, tmp_path: Path) -> None:
    """The file holds the token as it is now: another program keeps it fresh."""
    token = tmp_path / "token"
    token.write_text("fresh" + "x" * 1_500 + "\n")
    [mailbox] = mailbox_url.parse(url(server, "me%40example.org", f"&tokenfile={token}"))
    assert list(pop3.collect(mailbox, timeout=5, seconds=5)) == [b"hello\r\n"]
    told = f"user=me@example.org\x01auth=Bearer fresh{'x' * 1_500}\x01\x01"
    assert server.heard == ["AUTH XOAUTH2", told, "LIST", "RETR 1", "DELE 1", "QUIT"]


@pytest.mark.parametrize("server", [False], indirect=True)
def test_a_token_that_is_refused_is_said_without_it(server: Scripted) -> None:
    [mailbox] = mailbox_url.parse(url(server))
    with pytest.raises(MailboxError, match="Authentication failed") as error:
        list(pop3.collect(mailbox, timeout=5, seconds=5))
    assert "the-token" not in str(error.value)
    assert server.heard[:1] == ["AUTH XOAUTH2"]
