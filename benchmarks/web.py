"""Redirects of links in mail, while an edition is being sent: rate and latency.

    python benchmarks/web.py [SECONDS]

`newsletter web` serves a SQLite store on loopback; a client asks for 200 redirects a second, at
moments fixed beforehand, whatever the answers take (so a slow answer delays no other question). All
the while another process sends an edition to the outbox from the same store. Printed are p50, p99
and the longest time of an answer, beside the same without the sending.
"""

import asyncio
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import delivery  # type: ignore[import-not-found]  # it stands beside this file

from mailer.links import Links
from recommender import settings as settings_module

RATE = 200
READERS = 6_000
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


def main(seconds: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        delivery.fill(home, READERS)
        delivery.newsletter(home, "editions", "plan")
        environment = {"NEWSLETTER_HOME": folder, "PATH": os.environ["PATH"]}
        settings = settings_module.load(None, environment)
        links = Links(settings.base_url, settings.secrets)
        paths = story_links(home, links)
        command = [sys.executable, "-m", "mailer"]
        web = subprocess.Popen([*command, "web", "--port", str(PORT)], env=environment, cwd=home)
        time.sleep(4)
        try:
            report("alone", asyncio.run(load(paths, seconds)))
            sending = subprocess.Popen(
                [*command, "editions", "send"], env=environment, cwd=home, stdout=subprocess.DEVNULL
            )
            time.sleep(2)
            report("while sending", asyncio.run(load(paths, seconds)))
            print("still sending at the end" if sending.poll() is None else "sending ended before")
            sending.terminate()
            sending.wait()
        finally:
            web.terminate()
            web.wait()


def story_links(home: Path, links: Links) -> list[str]:
    """Paths of the links to every story of a few hundred copies."""
    with sqlite3.connect(home / "newsletter.db") as store:
        query = "SELECT d.id, j.value FROM deliveries d, json_each(d.story_ids) j WHERE d.id <= 500"
        found = store.execute(query).fetchall()
    return ["/c/" + links.token("click", copy, story) for copy, story in found]


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) == 2 else 10.0)
