"""One connection to a provider: every answer it can give, in time, late, halved, or not at all."""

import base64
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mailer.mime.message import Message
from mailer.relay import green_threads, registry
from mailer.relay.relay_pool import RelayPool
from mailer.relay.transport import ConnectionLostError, Relay, Verdict, VerdictKind
from recommender.errors import TransportError
from tests import providers
from tests.providers import DROP, EARLY, SILENT, TAKE_AND_DROP, Fault, Provider, running

from ...relaying import MESSAGE, way_out

ACCEPTED, DEFERRED = VerdictKind.ACCEPTED, VerdictKind.DEFERRED
REFUSED, UNANSWERED = VerdictKind.REFUSED, VerdictKind.UNANSWERED
KINDS = ("ses", "postmark", "mailgun")
every_provider = pytest.mark.parametrize("kind", KINDS)


def relay(url: str) -> Relay:
    [found] = registry.parse(url, Path("unused"))
    return found


def send(url: str, timeout: float = 1.0) -> Verdict:
    connection = relay(url).connect(timeout)
    try:
        return connection.offer(MESSAGE, number=1) or connection.commit()
    finally:
        connection.close()


@every_provider
def test_a_message_is_taken_and_the_providers_name_for_it_kept(kind: str) -> None:
    with running(Provider()) as provider:
        verdict = send(provider.url(kind))
    assert (verdict.kind, verdict.code) == (ACCEPTED, 250)
    [taken] = provider.taken
    assert taken.recipient == MESSAGE.recipient
    assert taken.identity in (verdict.reply or "")


@every_provider
def test_connections_are_kept_for_more_messages(kind: str) -> None:
    with running(Provider()) as provider:
        connection = relay(provider.url(kind)).connect(1)
        for _ in range(3):
            assert connection.ready()
            assert connection.offer(MESSAGE, number=1) is None
            assert connection.commit().kind is ACCEPTED
        connection.close()
    assert (provider.connections, len(provider.taken)) == (1, 3)


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (SILENT, UNANSWERED, "no answer within"),
        (DROP, UNANSWERED, "closed the connection"),
        (TAKE_AND_DROP, UNANSWERED, "closed the connection"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{", UNANSWERED, "HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", UNANSWERED, "closed the connection"),
        (b"\x00\x01nothing of HTTP\r\n\r\n", UNANSWERED, "HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000, UNANSWERED, "HTTP"),
        (Fault(200, b"<html>welcome to this hotel"), UNANSWERED, "welcome to this hotel"),
        (Fault(200, b"[" * 100_000), UNANSWERED, "HTTP 200"),
        (Fault(200, b"x" * 300_000), UNANSWERED, "endless"),
        (Fault(502, b"bad gateway"), UNANSWERED, "HTTP 502 bad gateway"),
        (Fault(504, b""), UNANSWERED, "HTTP 504"),
        (Fault(500, b"oops"), DEFERRED, "HTTP 500 oops"),
        (Fault(503, b'{"message": "later"}'), DEFERRED, "HTTP 503"),
        (Fault(408), DEFERRED, "HTTP 408"),
        (Fault(429, b"{}", {"Retry-After": "7"}), DEFERRED, "HTTP 429"),
        (Fault(400, b"not like this"), REFUSED, "HTTP 400 not like this"),
        (Fault(413), REFUSED, "HTTP 413"),
        (Fault(401, b"\x1b[31mForbidden"), REFUSED, r"HTTP 401 \x1b[31mForbidden"),
        (Fault(404), REFUSED, "HTTP 404"),
        (Fault(302, b"", {"Location": "http://127.0.0.1:1/"}), REFUSED, "HTTP 302"),
        (EARLY, REFUSED, "HTTP 401"),
    ],
)
def test_every_answer_means_one_thing(
    fault: Fault | str | bytes, kind: VerdictKind, words: str
) -> None:
    with running(Provider(script=[fault])) as provider:
        began = time.monotonic()
        url = provider.url("mailgun")
        verdict = send(url, 0.5) if fault != EARLY else send_slowly(url)
        assert time.monotonic() - began < 2
    assert verdict.kind is kind
    assert words in (verdict.reply or "")


def send_slowly(url: str) -> Verdict:
    connection = relay(url).connect(0.5)
    assert connection.offer(MESSAGE, number=1) is None
    time.sleep(0.2)
    try:
        return connection.commit()
    finally:
        connection.close()


@contextmanager
def listening(converse: Callable[[socket.socket], object]) -> Iterator[int]:
    """A server of one connection."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        peer, _ = listener.accept()
        with peer:
            converse(peer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        thread.join()
        listener.close()


def test_a_request_that_was_not_committed_has_no_end() -> None:
    heard: list[bytes] = []

    def converse(peer: socket.socket) -> None:
        while piece := peer.recv(65_536):
            heard.append(piece)

    with listening(converse) as port:
        provider = Provider(port=port)
        connection = relay(provider.url("ses")).connect(1)
        assert connection.offer(MESSAGE, number=1) is None
        connection.abort()
    head, _, body = b"".join(heard).partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    assert 0 < len(body) < length
    assert not body.rstrip().endswith(b"}")


def test_a_server_that_leaves_before_the_end_has_taken_nothing() -> None:
    stop = threading.Event()
    with listening(lambda peer: (peer.recv(10), stop.wait(0.1))) as port:
        connection = relay(Provider(port=port).url("ses")).connect(1)
        assert connection.offer(MESSAGE, number=1) is None
        time.sleep(0.3)
        verdict = connection.commit()
    assert verdict.kind is DEFERRED
    assert "closed the connection before the end" in (verdict.reply or "")


def test_a_server_that_reads_nothing_is_given_up_in_time() -> None:
    stop = threading.Event()
    large = Message("b@example.org", "r@example.com", b"x" * 20_000_000, "<1@x.y>")
    with listening(lambda _: stop.wait(5)) as port:
        connection = relay(Provider(port=port).url("mailgun")).connect(0.3)
        began = time.monotonic()
        with pytest.raises(ConnectionLostError, match="no answer in time"):
            connection.offer(large, number=1)
        stop.set()
    assert time.monotonic() - began < 2
    assert not connection.open


def test_a_kept_connection_that_the_server_has_closed_is_not_used_again() -> None:
    with running(Provider(script=[Fault(200, b'{"id":"<1@x>"}', {"Connection": "close"})])) as one:
        pool = RelayPool((relay(one.url("mailgun")),), timeout=1, messages_per_connection=100)
        with way_out(pool) as transport:
            for _ in range(3):
                assert transport.offer(MESSAGE, number=1) is None
                assert transport.commit().kind is ACCEPTED
    assert one.connections == 2


def test_international_addresses_are_refused_here() -> None:
    abroad = Message("b@example.org", "jörg@example.com", b"x", "<1@x.y>", smtputf8=True)
    with running(Provider()) as provider:
        connection = relay(provider.url("ses")).connect(1)
        verdict = connection.offer(abroad, number=1)
        connection.close()
    assert verdict is not None
    assert (verdict.kind, verdict.enhanced) == (REFUSED, "5.6.7")
    assert provider.calls == []


@every_provider
def test_tls_is_verified_and_an_own_authority_honoured(
    kind: str, certificates: tuple[ssl.SSLContext, Path]
) -> None:
    context, cafile = certificates
    with running(Provider(context=context)) as provider:
        with pytest.raises(TransportError, match="certificate is not trusted"):
            send(provider.url(kind))
        assert send(provider.url(kind, f"&cafile={cafile}")).kind is ACCEPTED


def test_lanes_wait_for_their_answers_side_by_side() -> None:
    lanes, verdicts = green_threads.Lanes(), []
    with running(Provider(delay=0.3)) as provider:
        [found] = registry.parse(provider.url("postmark"), Path("unused"))

        def lane() -> None:
            connection = found.connect(5)
            verdicts.append(connection.offer(MESSAGE, number=1) or connection.commit())
            connection.close()

        for _ in range(6):
            lanes.start(lane)
        began = time.monotonic()
        while lanes.alive:
            lanes.run()
            lanes.rest(0.02)
        took = time.monotonic() - began
    assert [verdict.kind for verdict in verdicts] == [ACCEPTED] * 6
    assert took < 1.2, "one after the other it would be 1.8 s"


def test_who_is_told_to_hurry_waits_for_no_answer() -> None:
    lanes, verdicts = green_threads.Lanes(), []
    with running(Provider(script=[SILENT])) as provider:
        [found] = registry.parse(provider.url("ses"), Path("unused"))

        def lane() -> None:
            connection = found.connect(30)
            assert connection.offer(MESSAGE, number=1) is None
            verdicts.append(connection.commit())
            connection.close()

        lanes.start(lane)
        began = time.monotonic()
        while lanes.alive:
            lanes.run()
            lanes.rest(0.02)
            if time.monotonic() > began + 0.2:
                lanes.hurry()
    assert time.monotonic() - began < 2
    assert [verdict.kind for verdict in verdicts] == [UNANSWERED]


def test_no_message_about_a_relay_holds_a_secret() -> None:
    secrets = (providers.SECRET, providers.KEY, providers.TOKEN, providers.MAILGUN_KEY)
    login = base64.b64encode(f"api:{providers.MAILGUN_KEY}".encode()).decode()
    echo = " ".join((*secrets, login)).encode()
    told = json.dumps({"message": echo.decode(), "ErrorCode": 7, "Message": echo.decode()})
    faults: list[Any] = [Fault(401), DROP, b"nonsense\r\n\r\n", Fault(500, told.encode())]
    faults += [Fault(400, echo), Fault(401, told.encode())]
    for kind in KINDS:
        with running(Provider(script=list(faults))) as provider:
            one = relay(provider.url(kind))
            said = [repr(one), str(one), one.name, repr(one.__dict__.get("api"))]
            said += [repr(send(provider.url(kind), 0.5)) for _ in faults]
        with pytest.raises(TransportError) as caught:
            one.check(0.5)
        said.append(str(caught.value))
        own = {"ses": secrets[:2], "postmark": secrets[2:3], "mailgun": (secrets[3], login)}[kind]
        assert not [text for text in said for secret in own if secret in text]
