"""`newsletter web` as it runs, and bytes that no browser would send."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from recommender.models import Base
from recommender.settings import Settings
from recommender.storage import database
from tests.conftest import Stores

pytestmark = pytest.mark.slow
MALFORMED = {
    "nothing": b"",
    "noise": bytes(range(256)) * 8,
    "TLS where none is spoken": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,
    "another protocol": b"EHLO example.org\r\nMAIL FROM:<a@example.org>\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "no such version": b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    "no host": b"GET /subscribe HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /subscribe HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "a line without a colon": b"GET /subscribe HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n",
    "a space before the colon": b"GET /subscribe HTTP/1.1\r\nHost : x\r\n\r\n",
    "a folded line": b"GET /subscribe HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
    "a zero byte": b"GET /subscribe HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n",
    "a zero byte in the path": b"GET /c/\0 HTTP/1.1\r\nHost: x\r\n\r\n",
    "bytes in the path": b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    "bare line ends": b"GET /subscribe HTTP/1.1\nHost: x\n\n",
    "endless headers": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: " + b"x" * 200_000 + b"\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
    "an endless path": b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "a length that is none": b"POST /subscribe HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n",
    "a negative length": b"POST /subscribe HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "a huge length": b"POST /subscribe HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
    "two lengths": b"POST /subscribe HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
    b"Content-Length: 2\r\n\r\nab",
    "a length and chunks": b"POST /subscribe HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks that are none": b"POST /subscribe HTTP/1.1\r\nHost: x\r\n"
    b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    "an unknown encoding": b"POST /subscribe HTTP/1.1\r\nHost: x\r\n"
    b"Transfer-Encoding: nonsense\r\n\r\n",
    "chunks without end": b"POST /subscribe HTTP/1.1\r\nHost: x\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"8000\r\n" + b"a" * 0x8000 + b"\r\n",
    "a form cut short": b"POST /subscribe HTTP/1.1\r\nHost: x\r\n"
    b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 40\r\n\r\n--b\r\nContent",
    "a form without boundary": b"POST /subscribe HTTP/1.1\r\nHost: x\r\n"
    b"Content-Type: multipart/form-data\r\nContent-Length: 3\r\n\r\nabc",
    "an unknown method": b"BREW /subscribe HTTP/1.1\r\nHost: x\r\n\r\n",
    "a proxy's request": b"GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n",
    "CONNECT": b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n",
    "an upgrade": b"GET /subscribe HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket"
    b"\r\nSec-WebSocket-Key: eA==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    "a way up": b"GET /static/../../../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
    "a way up in code": b"GET /static/%2e%2e/%2e%2e/newsletter.db HTTP/1.1\r\nHost: x\r\n\r\n",
    "a header in the path": b"GET /c/a%0d%0aSet-Cookie:%20x=y HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.fixture(scope="module")
def served(
    published: Settings, stores: Stores, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[int, Path, str]]:
    """The port of a running `newsletter web`, the file of its log, and the URL of its store."""
    home = tmp_path_factory.mktemp("served") / "home"
    shutil.copytree(published.home, home)
    url = stores.copy(published.store_url, home)
    said = home / "said"
    command = [sys.executable, "-m", "mailer", "web", "--port", "0"]
    environment = {"PATH": os.environ["PATH"], "NEWSLETTER_HOME": str(home)}
    environment |= {"NEWSLETTER_DATABASE_URL": url}
    with (
        said.open("w") as words,
        subprocess.Popen(
            command, env=environment, cwd=home, stdout=words, stderr=words, text=True
        ) as process,
    ):
        begun = time.monotonic()
        while (found := re.search(r":(\d+)/", said.read_text())) is None:
            assert time.monotonic() - begun < 60, said.read_text()
            time.sleep(0.05)
        yield int(found[1]), said, url
        process.terminate()
        assert process.wait(20) == 0


def exchange(port: int, request: bytes) -> bytes:
    """What comes back until the server hangs up, or says nothing more."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.settimeout(1)
        try:
            connection.sendall(request)
            while piece := connection.recv(65_536):
                answer += piece
        except OSError:  # hung up on, or kept waiting for the rest of what was announced
            pass
    return answer


def test_bytes_that_no_browser_sends_are_refused_and_harm_nothing(
    served: tuple[int, Path, str],
) -> None:
    port, said, url = served
    engine = database.connect(url)
    with engine.connect() as store:
        before = {t.name: store.scalar(sa.select(sa.func.count()).select_from(t))
                  for t in Base.metadata.sorted_tables}  # fmt: skip
    for name, request in MALFORMED.items():
        answer = exchange(port, request)
        status = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
        assert answer == b"" or status is not None, name
        assert status is None or int(status[1]) < 500, (name, answer[:300])
        for word in (b"Traceback", b"site-packages", b"root:", b"SQLite", b"Set-Cookie"):
            assert word not in answer, name
    assert b" 200 " in exchange(
        port, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    assert "Traceback" not in said.read_text()
    with engine.connect() as store:
        after = {t.name: store.scalar(sa.select(sa.func.count()).select_from(t))
                 for t in Base.metadata.sorted_tables}  # fmt: skip
    engine.dispose()
    assert after == before


def test_connections_that_say_nothing_keep_nobody_out(served: tuple[int, Path, str]) -> None:
    port, *_ = served
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
    for number, connection in enumerate(silent):
        connection.sendall(b"GET /subscribe HTTP/1.1\r\nHost: x\r\n"[: number % 30])
    answer = exchange(port, b"GET /archive HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b" 200 " in answer
    for connection in silent:
        connection.close()


SMUGGLED = {
    "a length and chunks": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and a length": b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nemail=",
    "two lengths in one": b"Content-Length: 5, 6\r\n\r\nemail=",
    "a length with a sign": b"Content-Length: +5\r\n\r\nemail",
    "a negative length": b"Content-Length: -5\r\n\r\nemail",
    "a length in base 16": b"Content-Length: 0x5\r\n\r\nemail",
    "an encoding that hides": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a tab before the encoding's colon": b"Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n",
    "two encodings": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "a signed chunk": b"Transfer-Encoding: chunked\r\n\r\n+5\r\nemail\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("headers", SMUGGLED.values(), ids=SMUGGLED.keys())
def test_no_second_request_hides_in_the_first(
    served: tuple[int, Path, str], headers: bytes
) -> None:
    start = b"POST /subscribe HTTP/1.1\r\nHost: x\r\n"
    form = b"Content-Type: application/x-www-form-urlencoded\r\n"
    hidden = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = exchange(served[0], start + form + headers + hidden)
    assert answer.startswith(b"HTTP/1.1 4") or answer == b"", answer[:200]
    assert answer.count(b"HTTP/1.1 200") == 0
