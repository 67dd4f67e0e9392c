"""Clients that hold connections and say nothing: what pages and sending have left beside them.

    python benchmarks/slow_clients.py [READERS]

`newsletter serve` sends an edition to READERS (default 20,000: half a minute) at full speed, in the
very process that serves the pages. Every six seconds there come, for six seconds, 1,000 connections
that say nothing, 200 with half a request's body and 50 that ask for much and read nothing; those
that are closed come back after ten seconds. The time between is the reference. All the while a page
is asked for twice a second, on a fresh connection. That is done with 256, 1,024 and 65,536 file
descriptors for the service. Printed are copies per second, the longest time a page took, and by how
many bytes the log grew.
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
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import delivery_store  # type: ignore[import-not-found]  # it stands beside this file

SILENT, HALF, GREEDY = 1_000, 200, 50
BODY = (
    b"POST /subscribe HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\nemail=half"
)
MUCH = b"GET /subscribe HTTP/1.1\r\nHost: x\r\n\r\n" * 400
ASK = b"GET /subscribe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
STRETCH = 6.0
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
    """What was seen alone (False), and beside them (True): seconds of each page, pages that failed,
    copies, and the seconds these took."""

    pages: dict[bool, list[float]] = field(default_factory=lambda: {False: [], True: []})
    failed: int = 0
    copies: Counter[bool] = field(default_factory=Counter)
    seconds: dict[bool, float] = field(default_factory=lambda: {False: 0.0, True: 0.0})
    log_bytes: int = 0

    def pace(self, attacked: bool) -> float:
        """Copies per second."""
        return self.copies[attacked] / max(self.seconds[attacked], 0.001)


def sent(home: Path) -> int:
    return sum(len(os.listdir(one)) for one in (home / "outbox").glob("weekly-*"))  # noqa: PTH208


async def watch(home: Path, port: int, copies: int) -> Seen:
    """Look on until so many copies are there, while they come and go."""
    seen, attacked = Seen(), False
    while sent(home) < copies / 50:  # until sending is under way
        await asyncio.sleep(0.1)
    while sent(home) < copies * 0.98:
        kinds = [(b"", True, SILENT), (BODY, True, HALF), (MUCH, False, GREEDY)] if attacked else []
        tasks = [
            asyncio.create_task(hold(port, words, reads=reads))
            for words, reads, number in kinds
            for _ in range(number)
        ]
        await stretch(home, port, copies, seen, attacked=attacked)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        attacked = not attacked
    return seen


async def stretch(home: Path, port: int, copies: int, seen: Seen, *, attacked: bool) -> None:
    begun, first = time.perf_counter(), sent(home)
    while time.perf_counter() < begun + STRETCH and sent(home) < copies * 0.98:
        try:
            seen.pages[attacked].append(await asyncio.wait_for(ask(port), 10))
        except (TimeoutError, OSError, AssertionError):
            seen.failed += 1
        await asyncio.sleep(0.5)
    seen.seconds[attacked] += time.perf_counter() - begun
    seen.copies[attacked] += sent(home) - first


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
            stdout=log,
            stderr=log,
            text=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files)),
        ) as process,
    ):
        try:
            while (found := re.search(r'"serving pages".*:(\d+)/', said.read_text())) is None:
                time.sleep(0.05)
            yield int(found[1]), said
        finally:
            process.terminate()
            process.wait()


def run(files: int, readers: int) -> Seen:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        delivery_store.fill(home, readers)
        with served(home, files) as (port, said):
            seen = asyncio.run(watch(home, port, readers))
            seen.log_bytes = said.stat().st_size
    return seen


def main(readers: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4_096)), hard))
    for files in (256, 1_024, min(hard, 65_536)):
        seen = run(files, readers)
        for attacked, name in ((False, "alone"), (True, "beside them")):
            times = sorted(seen.pages[attacked])
            print(
                f"{files} files, {name}: {seen.pace(attacked):.0f} copies a second; {len(times)} "
                f"pages, half within {times[len(times) // 2] * 1000:.0f} ms, longest "
                f"{times[-1] * 1000:.0f} ms"
            )
        kept = seen.pace(attacked=True) / seen.pace(attacked=False)
        print(
            f"  sending keeps {kept:.0%} of its pace; {seen.failed} pages failed; the log grew by "
            f"{seen.log_bytes:,} bytes",
            flush=True,
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) == 2 else 20_000)
