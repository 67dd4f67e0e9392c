"""Connections that say nothing, or take their time, keep nobody out and cost nothing for long."""

import asyncio
import contextlib
import logging
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from mailer.web import server
from mailer.web.server import Config, ConnectionLimiter, Server, Wait

MOST = 64
SOON = {Wait.REQUEST: 1.0, Wait.BODY: 1.0, Wait.READER: 1.0}
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
HALF = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"


async def page(request: Request) -> Response:
    if request.url.path == "/slow":
        await asyncio.sleep(3.0)
    await request.body()
    size = 5_000_000 if request.url.path == "/large" else 2
    return PlainTextResponse("x" * size)


@contextlib.contextmanager
def running(*, proxy: bool, seconds: dict[Wait, float]) -> Iterator[int]:
    """The port of a server with room for MOST."""
    routes = [Route("/{path:path}", page, methods=["GET", "POST"])]
    site = Starlette(routes=routes)
    one = Server(Config(site, ConnectionLimiter(MOST, lambda _: proxy, seconds), 1))
    place = socket.create_server(("127.0.0.1", 0), backlog=1_024)
    port: int = place.getsockname()[1]
    thread = threading.Thread(target=one.run, args=([place],))
    thread.start()
    while not one.started:
        time.sleep(0.02)
    try:
        yield port
    finally:
        one.should_exit = True
        thread.join()


def connect(port: int, words: bytes = b"", buffer: int = 0) -> socket.socket:
    one = socket.socket()
    if buffer:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    one.settimeout(10)
    one.connect(("127.0.0.1", port))
    one.sendall(words)
    return one


def closed(one: socket.socket) -> bool:
    """Whether the server has hung up, after whatever it still said."""
    one.setblocking(False)
    try:
        while one.recv(65_536):
            pass
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def answered(port: int, request: bytes = GET) -> bool:
    with connect(port, request) as one:
        return one.recv(100).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("words", [b"", b"GET / HT", HALF], ids=["silent", "head", "body"])
def test_who_waits_longest_makes_room(words: bytes) -> None:
    with running(proxy=True, seconds=server.SECONDS) as port:
        crowd = [connect(port, words) for _ in range(4 * MOST)]
        time.sleep(0.5)  # until all of them are there
        begun = time.monotonic()
        assert all(answered(port) for _ in range(5))
        assert time.monotonic() - begun < 1
        assert sum(closed(one) for one in crowd) >= 3 * MOST
        for one in crowd:
            one.close()


def test_who_is_being_answered_is_never_cut_off() -> None:
    with running(proxy=True, seconds=SOON) as port:
        at_work = [connect(port, GET.replace(b"/ ", b"/slow ")) for _ in range(5)]
        time.sleep(0.5)  # until they are read
        crowd = [connect(port) for _ in range(2 * MOST)]
        assert all(one.recv(100).startswith(b"HTTP/1.1 200") for one in at_work)
        for one in crowd + at_work:
            one.close()


def test_one_client_has_its_share_and_a_proxy_has_all() -> None:
    for proxy, most in ((True, MOST), (False, server.SHARE)):
        with running(proxy=proxy, seconds=server.SECONDS) as port:
            crowd = [connect(port) for _ in range(MOST)]
            assert answered(port)  # by then the others have been looked at
            time.sleep(0.2)
            assert sum(not closed(one) for one in crowd) in (most - 1, most)
            for one in crowd:
                one.close()


@pytest.mark.parametrize(
    "words",
    [b"", b"GET / HT", HALF, GET + b"GET ", GET.replace(b"/ ", b"/large ")],
    ids=["silent", "head", "body", "second head", "answer"],
)
def test_who_takes_too_long_is_hung_up_on(words: bytes) -> None:
    with running(proxy=True, seconds=SOON) as port, connect(port, words, buffer=4_096) as one:
        time.sleep(3.5)
        if b"large" in words:  # what is on its way arrives, the rest never does
            one.settimeout(2)
            got = 0
            with contextlib.suppress(ConnectionError):
                while piece := one.recv(1_000_000):
                    got += len(piece)
            assert got < 5_000_000
        else:
            assert closed(one)


def test_a_byte_now_and_then_gains_no_time() -> None:
    with running(proxy=True, seconds=SOON) as port, connect(port, b"GET / HTTP/1.1\r\n") as one:
        begun = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - begun < 8:
                one.sendall(b"x")
                time.sleep(0.1)
        assert time.monotonic() - begun < 4


def test_what_happens_a_thousand_times_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    with running(proxy=True, seconds=server.SECONDS) as port, caplog.at_level(logging.WARNING):
        for _ in range(200):
            connect(port, b"\x16\x03\x01 nonsense\r\n\r\n").close()
        crowd = [connect(port) for _ in range(10 * MOST)]
        assert answered(port)
        for one in crowd:
            one.close()
    assert [record.getMessage() for record in caplog.records if record.levelno > 20] == [
        f"{MOST} connections at once: those that wait longest are closed"
    ]


def test_out_of_file_descriptors_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    async def happen() -> None:
        loop = asyncio.get_running_loop()
        say = server.LogLimiter()
        for _ in range(1_000):
            say.trouble(loop, {"message": "socket.accept() out of system resource"})

    asyncio.run(happen())
    assert len(caplog.records) == 1


@pytest.mark.parametrize(("files", "room"), [(256, 128), (1_024, 512), (65_536, 1_000)])
def test_there_is_room_for_as_many_as_half_the_file_descriptors(files: int, room: int) -> None:
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < files:
        files, room = 4_096, 1_000
    lines = (
        "import resource",
        "hard = min(65536, resource.getrlimit(resource.RLIMIT_NOFILE)[1])",
        f"resource.setrlimit(resource.RLIMIT_NOFILE, (min(200, {files}), {files}))",
        "from mailer.web import server",
        "print(server.room(), resource.getrlimit(resource.RLIMIT_NOFILE)[0])",
    )
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [str(room), str(files)]
