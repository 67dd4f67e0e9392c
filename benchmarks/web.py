"""Redirects of links in mail, while an edition is being sent: rate and latency.

    python benchmarks/web.py [SECONDS]

`newsletter web` serves a SQLite store on loopback. A client asks for 200 redirects a second, at
moments fixed beforehand, whatever the answers take (so a slow answer delays no other question),
each on a connection of its own as browsers do. All the while another process sends an edition to
the outbox from the same store, as fast as it can, or at the pace of a relay (`rate`). Printed are
p50, p99 and the longest time from the moment a question was due to the end of its answer; and, as
reference, the same without the sending, and what wrk gets out of the same addresses when it asks
again as soon as it was answered. At the end every click that was answered must be in the store.
"""

import asyncio
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import delivery  # type: ignore[import-not-found]  # it stands beside this file
import delivery_store  # type: ignore[import-not-found]

from mailer.links import Links
from recommender import settings as settings_module

RATE = 200
READERS = 20_000
PORT = 8765


async def ask(path: str, due: float, times: list[float]) -> None:
    await asyncio.sleep(max(0.0, due - time.perf_counter()))
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Mozilla/5.0 (benchmark)\r\n"
        "Connection: close\r\n\r\n".encode()
    )
    status = await reader.readline()
    await reader.read()
    writer.close()
    assert b" 302 " in status, status
    times.append(time.perf_counter() - due)


async def load(paths: list[str], seconds: float) -> list[float]:
    """Seconds from the moment each question was due to the end of its answer, in order of size."""
    chance = random.Random(5)
    start = time.perf_counter() + 0.5
    times: list[float] = []
    questions = [
        ask(chance.choice(paths), start + number / RATE, times)
        for number in range(int(RATE * seconds))
    ]
    await asyncio.gather(*questions)
    return sorted(times)


def report(name: str, times: list[float]) -> None:
    p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
    print(
        f"{name}: {RATE}/s, {len(times)} redirects: p50 {p50 * 1000:.1f} ms, "
        f"p99 {p99 * 1000:.1f} ms, longest {times[-1] * 1000:.0f} ms"
    )


def wrk(paths: list[str], home: Path, seconds: float) -> None:
    """As many as there can be on eight connections: what the server is able to."""
    if shutil.which("wrk") is None:
        print("wrk is not installed: no reference of what the server is able to")
        return
    script = home / "paths.lua"
    listed = ",".join(f'"{path}"' for path in paths)
    script.write_text(
        f"local paths = {{{listed}}}\nlocal number = 0\n"
        'wrk.headers["User-Agent"] = "Mozilla/5.0 (benchmark)"\n'
        "request = function() number = number + 1; "
        "return wrk.format(nil, paths[number % #paths + 1]) end\n"
    )
    command = ["wrk", "-t1", "-c8", f"-d{int(seconds)}s", "--latency", "-s", str(script)]
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{PORT}"], capture_output=True, text=True, check=True
    )
    found = [line.split() for line in done.stdout.splitlines()]
    (rate,) = [line[1] for line in found if line[:1] == ["Requests/sec:"]]
    (p99,) = [line[1] for line in found if line[:1] == ["99%"]]
    print(f"wrk, 8 connections that ask on and on: {rate}/s, p99 {p99}")


def sent_beside(home: Path, environment: dict[str, str], name: str, *ask: object) -> None:
    """Measure while `editions send` runs."""
    command = [sys.executable, "-m", "mailer", "editions", "send"]
    sending = subprocess.Popen(command, env=environment, cwd=home, stdout=subprocess.DEVNULL)
    time.sleep(2)
    report(name, asyncio.run(load(*ask)))  # type: ignore[arg-type]  # paths and seconds
    print("  sent all the while" if sending.poll() is None else "  the edition ended before")
    sending.terminate()
    sending.wait()


def main(seconds: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        delivery_store.fill(home, READERS)
        delivery.newsletter(home, "editions", "plan")
        environment = {"NEWSLETTER_HOME": folder, "PATH": os.environ["PATH"]}
        settings = settings_module.load(None, environment)
        links = Links(settings.base_url, settings.secrets)
        paths = story_links(home, links)
        command = [sys.executable, "-m", "mailer", "web", "--port", str(PORT)]
        web = subprocess.Popen(command, env=environment, cwd=home, stdout=subprocess.PIPE)
        assert web.stdout is not None
        web.stdout.readline()  # said once the pages are there
        os.sync()  # what the planning left to be written is not the pages' affair
        try:
            report("alone", asyncio.run(load(paths, seconds)))
            paced = environment | {"NEWSLETTER_RATE": "100/second"}
            sent_beside(home, paced, "while 100 copies a second are sent", paths, seconds)
            sent_beside(home, environment, "while sending at full speed", paths, seconds)
            wrk(paths, home, seconds)
        finally:
            web.terminate()
            web.wait()
        print(f"{clicked(home)} links were clicked, and are in the store; {left(home)} files left")


def clicked(home: Path) -> int:
    with sqlite3.connect(home / "newsletter.db") as store:
        query = "SELECT count(*) FROM (SELECT DISTINCT delivery_id, story_id FROM events)"
        (number,) = store.execute(query).fetchone()
    return int(number)


def left(home: Path) -> int:
    return len(list((home / "clicks").iterdir()))


def story_links(home: Path, links: Links) -> list[str]:
    """Paths of the links to every story of a few hundred copies."""
    with sqlite3.connect(home / "newsletter.db") as store:
        query = "SELECT d.id, j.value FROM deliveries d, json_each(d.story_ids) j WHERE d.id <= 500"
        found = store.execute(query).fetchall()
    return ["/c/" + links.token("click", copy, story) for copy, story in found]


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) == 2 else 10.0)
