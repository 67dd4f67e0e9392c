"""What a server can do to us: nothing that takes long, or much, or goes where it must not."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from recommender.safety import http_client, network
from recommender.safety.http_client import FetchError, Limits

OPEN = Limits(seconds=2.0, body=100_000, private=True)
Serve = Callable[[Callable[[socket.socket], None]], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """``serve(answer)``: a server that does ``answer`` to every connection; its address."""
    listeners: list[socket.socket] = []

    def start(answer: Callable[[socket.socket], None]) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def run() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, suppress(OSError):
                        connection.recv(65_536)
                        answer(connection)

        threading.Thread(target=run, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in listeners:
        listener.close()


def said(head: str, body: bytes = b"") -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(head.replace("\n", "\r\n").encode() + body)


def slowly(first: bytes, drop: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.sendall(first)
        for _ in range(600):
            connection.sendall(drop)
            time.sleep(0.1)

    return answer


OK = "HTTP/1.1 200 OK\n"
BOMB = gzip.compress(b"\0" * 50_000_000)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (slowly(b"", b"H"), "no answer in time"),
        (slowly(b"HTTP/1.1 200 OK\r\nX: ", b"a"), "no answer in time"),
        (slowly(b"HTTP/1.1 200 OK\r\n\r\n", b"a"), "no answer in time"),
        (
            slowly(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
            "in time",
        ),
        (said("HTTP/1.1 100 Continue\n\n" * 10_000), "more than it may|not an answer"),
        (said(OK + "".join(f"X{n}: y\n" for n in range(50_000))), "more than it may|not an answer"),
        (said(f"{OK}Content-Length: 200000\n\n"), "larger than 100,000 bytes"),
        (said(f"{OK}\n", b"x" * 200_000), "larger than 100,000 bytes"),
        (said(f"{OK}Content-Encoding: gzip\n\n", BOMB), "larger than 100,000 bytes"),
        (said(f"{OK}Content-Encoding: br\n\n", b"x"), "not asked for"),
        (said(f"{OK}Content-Encoding: gzip\n\n", b"x"), "damaged"),
        (said(f"{OK}Content-Length: 10\n\n", b"x"), "ended early"),
        (said("HTTP/1.1 302 Found\nLocation: file:///etc/passwd\n\n"), "must not"),
        (said("HTTP/1.1 302 Found\nLocation: http://x:y@127.0.0.1/\n\n"), "must not"),
        (said("HTTP/1.1 302 Found\nLocation: http://127.0.0.1:25/\n\n"), "port 25"),
        (said("HTTP/1.1 302 Found\nLocation: /again\n\n"), "more than 5 times"),
        (said("SSH-2.0-OpenSSH\n\x1b]0;x\x07\n"), "not an answer"),
    ],
)
def test_a_hostile_answer_is_refused_in_time(
    serve: Serve, answer: Callable[[socket.socket], None], why: str
) -> None:
    began = time.monotonic()
    with pytest.raises(FetchError, match=why) as caught:
        http_client.get(serve(answer), {}, OPEN)
    assert time.monotonic() - began < OPEN.seconds + 3
    assert "\x1b" not in str(caught.value)


def test_a_compressed_answer_is_read(serve: Serve) -> None:
    answer = said(f'{OK}Content-Encoding: gzip\nETag: "1"\n\n', gzip.compress(b"<rss/>"))
    got = http_client.get(serve(answer) + "/ä?q=ö x", {}, OPEN)
    assert (got.status, got.body, got.headers["etag"]) == (200, b"<rss/>", '"1"')


def test_a_reason_cannot_command_a_terminal(serve: Serve) -> None:
    got = http_client.get(serve(said("HTTP/1.1 500 No\x1b]0;x\x07\n\n")), {}, OPEN)
    assert got.reason == r"No\x1b]0;x\x07"


def test_a_redirect_leads_to_no_private_address(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = serve(said(f"{OK}\n", b"secret")).replace("127.0.0.1", "127.0.0.2")
    outside = serve(said(f"HTTP/1.1 302 Found\nLocation: {inside}\n\n"))
    closed = Limits(seconds=5.0, body=1_000)
    with pytest.raises(FetchError, match=r"private address 127\.0\.0\.1; feeds_private"):
        http_client.get(outside, {}, closed)
    monkeypatch.setattr(network, "is_public", lambda address: str(address) == "127.0.0.1")
    with pytest.raises(FetchError, match=r"private address 127\.0\.0\.2; feeds_private"):
        http_client.get(outside, {}, closed)


def test_a_name_is_looked_up_once_and_its_checked_address_connected_to(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(serve(said(f"{OK}\n", b"public")).rpartition(":")[2])
    answers = iter(["127.0.0.1", "127.0.0.9"])  # as a name does that is rebound
    found = lambda *_, **__: [(socket.AF_INET, 1, 6, "", (next(answers), port))]  # noqa: E731
    monkeypatch.setattr(socket, "getaddrinfo", found)
    monkeypatch.setattr(network, "is_public", lambda address: str(address) == "127.0.0.1")
    limits = Limits(seconds=5.0, body=1_000)
    assert http_client.get(f"http://rebound.example.com:{port}/", {}, limits).body == b"public"


def test_what_was_protected_stays_so() -> None:
    with pytest.raises(FetchError, match="from https to http://"):
        http_client._followed("https://example.com/feed", "http://example.com/feed")
