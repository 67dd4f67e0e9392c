"""Signing in with an access token, and names of folders, against a scripted server."""

import base64
import socket
import threading
from collections.abc import Iterator

import pytest

from mailer.inbound.polling import imap, mailbox_url
from recommender.errors import MailboxError


class Scripted:
    """An IMAP server that takes one session and answers by the command's name."""

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

            def say(text: str) -> None:
                stream.write(text.encode() + b"\r\n")
                stream.flush()

            say("* OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2 MOVE] hello")
            while line := stream.readline():
                tag, _, command = line.decode().strip().partition(" ")
                self.heard.append(command)
                if command.startswith("AUTHENTICATE XOAUTH2"):
                    say("+ ")
                    self.heard.append(base64.b64decode(stream.readline()).decode())
                    if not self.accepts:
                        say("+ " + base64.b64encode(b'{"status":"401"}').decode())
                        self.heard.append(stream.readline().decode().strip())
                        say(f"{tag} NO AUTHENTICATE failed.")
                        continue
                elif command.startswith("CAPABILITY"):
                    say("* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 MOVE")
                elif command.startswith("UID SEARCH"):
                    say("* SEARCH 7")
                elif command.startswith("UID FETCH"):
                    say("* 1 FETCH (UID 7 BODY[]<0> {5}\r\nhello)")
                elif command.startswith("SELECT"):
                    say("* 1 EXISTS")
                say(f"{tag} OK done")


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Scripted]:
    scripted = Scripted(accepts=getattr(request, "param", True))
    yield scripted
    scripted.close()


def url(server: Scripted) -> str:
    return (
        f"imap://me%40example.org:the-token@127.0.0.1:{server.port}/Zur%C3%BCck%20%26%20hin"
        "?starttls=never&auth=xoauth2&after=Fertig"
    )


def test_an_access_token_signs_in_and_folders_have_coded_names(server: Scripted) -> None:
    [mailbox] = mailbox_url.parse(url(server))
    assert list(imap.collect(mailbox, timeout=5, seconds=5)) == [b"hello"]
    assert "user=me@example.org\x01auth=Bearer the-token\x01\x01" in server.heard
    assert 'SELECT "Zur&APw-ck &- hin"' in server.heard
    assert 'UID MOVE 7 "Fertig"' in server.heard


@pytest.mark.parametrize("server", [False], indirect=True)
def test_a_token_that_is_refused_is_said_without_it(server: Scripted) -> None:
    [mailbox] = mailbox_url.parse(url(server))
    with pytest.raises(MailboxError, match="AUTHENTICATE failed") as error:
        list(imap.collect(mailbox, timeout=5, seconds=5))
    assert "the-token" not in str(error.value)
