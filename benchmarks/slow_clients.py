"""Clients that hold connections and say nothing: what pages and sending have left beside them.

    python benchmarks/slow_clients.py [READERS]

`newsletter serve` sends an edition to READERS (default 3,000) at full speed, in the very process
that serves the pages: once alone, as reference, and once beside 1,000 connections that say
nothing, 200 with half a request's body and 50 that ask for much and read nothing. Those that are
closed come back after ten seconds. All the while a page is asked for twice a second, on a fresh
connection. That is done with 256, 1,024 and 65,536 file descriptors for the service. Printed are
copies per second, the longest time a page took, and by how many bytes the log grew.
"""

import asyncio
import contextlib
import os
import re
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

SILENT, HALF, GREEDY = 1_000, 200, 50
BODY = (
    b"POST /subscribe HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\nemail=half"
)
MUCH = b"GET /subscribe HTTP/1.1\r\nHost: x\r\n\r\n" * 400
ASK = b"GET /subscribe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
AGAIN = 10.0
"""Seconds after which a client whose connection was closed opens another."""


async def hold(port: int, words: bytes, *, reads: bool) -> None:
    """Be one of them until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        with socket.socket() as one, contextlib.suppress(OSError):
            one.setblocking(False)
            if not reads:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            await loop.sock_connect(one, ("127.0.0.1", port))
            if words:
                await loop.sock_sendall(one, words)
            while reads and await loop.sock_recv(one, 4096):
                pass
            if not reads:
                await asyncio.sleep(60)
        await asyncio.sleep(AGAIN)


async def ask(port: int) -> float:
    """Seconds until a page was there."""
    begun = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(ASK)
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 200 "), answer[:80]
    return time.perf_counter() - begun


@dataclass
class Seen:
    """What was seen of one run: seconds of each page, and moments at which so many copies were
    sent."""

    pages: list[float] = field(default_factory=list)
    failed: int = 0
    copies: list[tuple[float, int]] = field(default_factory=list)
    log_bytes: int = 0

    def pace(self) -> float:
        """Copies per second from the first tenth to the last."""
        most = self.copies[-1][1]
        within = [one for one in self.copies if most * 0.1 <= one[1] <= most * 0.95]
        (begun, first), (ended, last) = within[0], within[-1]
        return (last - first) / (ended - begun)


async def watch(home: Path, port: int, copies: int, *, attacked: bool, seconds: float) -> Seen:
    """Look on until so many copies are there, or for so many seconds."""
    seen = Seen()
    kinds = [(b"", True, SILENT), (BODY, True, HALF), (MUCH, False, GREEDY)] if attacked else []
    tasks = [
        asyncio.create_task(hold(port, words, reads=reads))
        for words, reads, number in kinds
        for _ in range(number)
    ]
    give_up = time.perf_counter() + seconds
    while time.perf_counter() < give_up:
        try:
            seen.pages.append(await asyncio.wait_for(ask(port), 10))
        except (TimeoutError, OSError, AssertionError):
            seen.failed += 1
        there = sum(len(os.listdir(one)) for one in (home / "outbox").glob("weekly-*"))  # noqa: PTH208  (a hundred thousand names)
        seen.copies.append((time.perf_counter(), there))
        if copies and there >= copies:
            break
        await asyncio.sleep(0.5)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return seen


@contextlib.contextmanager
def served(home: Path, files: int, **settings: str) -> Iterator[tuple[int, Path]]:
    """The port of `newsletter serve` with so many file descriptors, and its log."""
    said = home / "said"
    hour = datetime.now(UTC) - timedelta(hours=1)
    environment = {"PATH": os.environ["PATH"], "NEWSLETTER_HOME": str(home)}
    environment |= {"NEWSLETTER_SCHEDULE": f"{hour:%A %H:%M}", "NEWSLETTER_PROCESSES": "1"}
    command = [sys.executable, "-m", "mailer", "serve", "--port", "0"]
    with (
        said.open("w") as log,
        subprocess.Popen(
            command,
            env=environment | {f"NEWSLETTER_{key.upper()}": text for key, text in settings.items()},
            cwd=home,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files)),
        ) as process,
    ):
        assert process.stdout is not None
        try:
            lines = (re.search(r"pages at .*:(\d+)/", line) for line in process.stdout)
            found = next(match for match in lines if match)
            yield int(found[1]), said
        finally:
            process.terminate()
            process.wait()


def run(files: int, readers: int, *, attacked: bool) -> Seen:
    import delivery  # type: ignore[import-not-found]  # it stands beside this file

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        delivery.fill(home, readers)
        with served(home, files) as (port, said):
            seen = asyncio.run(watch(home, port, readers, attacked=attacked, seconds=300))
            seen.log_bytes = said.stat().st_size
    return seen


def main(readers: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4_096)), hard))
    for files in (256, 1_024, min(hard, 65_536)):
        paces = []
        for attacked in (False, True):
            seen = run(files, readers, attacked=attacked)
            paces.append(seen.pace())
            print(
                f"{files} files, {'beside them' if attacked else 'alone'}: {paces[-1]:.0f} copies "
                f"a second; {len(seen.pages)} pages, longest {max(seen.pages) * 1000:.0f} ms, "
                f"{seen.failed} failed; log {seen.log_bytes:,} bytes",
                flush=True,
            )
        print(f"{files} files: sending keeps {paces[1] / paces[0]:.0%} of its pace", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) == 2 else 3_000)
