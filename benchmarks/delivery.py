"""The whole way of an edition, plan to relay: messages per second, and memory, for N readers.

    python benchmarks/delivery.py [READERS]

Personal issues for N readers (default 20,000) are planned (ranked) and sent (composed, rendered,
noted in the ledger, delivered) to Postfix's smtp-sink on loopback. In the same run and of the same
size: smtp-source sends as many messages over as many connections, each the same bytes; a sender in
Go (html/template for each reader, net/smtp) and nodemailer's pool send such issues without store,
ledger or ranking (``delivery_peers``); and the obvious pipeline makes each issue by itself, MJML
filled by Jinja2 and compiled, EmailMessage, smtplib.send_message, in one process. Then the same
edition goes out signed with DKIM (RSA, 2048 bits), beside what `openssl speed` signs on all cores.
Memory is the largest of all our processes, at N and at a quarter of it.

Everything shares one machine: smtp-sink takes of the same cores. Beside messages per second stands
the time of a core that each message took its sender, which other work on the machine hardly
changes. "planning" is the wall time of `editions plan`, "sending" what `editions send` takes from
its first look at the ledger to its last, and "planning and sending" the wall time of one `editions
send` that does both, the start of the interpreter included. Readers and stories are given at random
(``delivery_store``). Postfix, openssl and Go (golang-go) are Debian packages; without Postfix the
outbox is measured, without Go or node that peer is left out.
"""

import json
import os
import re
import resource
import shutil
import smtplib
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import jinja2
import mjml
import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import delivery_peers, delivery_store
from benchmarks.delivery_peers import PeerFigures
from mailer.delivery.messages import CopyRequest, MessageFactory
from mailer.delivery.messages import factory as make_factory
from mailer.issue.cards import Issue
from mailer.issue.composition import Composer
from mailer.ledger.claims import Claim
from mailer.mime.message import Message
from mailer.rendering import sources, templates
from mailer.rendering.look import look
from recommender import resources
from recommender import settings as settings_module
from recommender.models import Delivery, Edition
from recommender.storage import database, json_columns
from tests.mailer.rendered import Renderer

PORT = 2526
CONNECTIONS = 32
OBVIOUS = 500
"""Messages of the obvious pipeline; its speed does not depend on how many."""


def newsletter(
    home: Path, *arguments: str, relay: str | None = None, **more: str
) -> dict[str, object]:
    environment = {"NEWSLETTER_HOME": str(home), "PATH": os.environ["PATH"], **more}
    if relay:
        environment |= {"NEWSLETTER_SMTP_URL": relay, "NEWSLETTER_CONNECTIONS": str(CONNECTIONS)}
    done = subprocess.run(
        [sys.executable, "-m", "mailer", *arguments, "--json"],
        env=environment,
        cwd=home,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, object] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


@contextmanager
def sink() -> Iterator[str]:
    """A relay that takes everything."""
    program = str(shutil.which("smtp-sink"))
    server = subprocess.Popen([program, "-u", "nobody", f"127.0.0.1:{PORT}", "1000"])
    time.sleep(0.5)
    try:
        yield f"smtp://127.0.0.1:{PORT}"
    finally:
        server.terminate()
        server.wait()


class Busy:
    """Core seconds that this process and those it has waited for take within the block."""

    def __enter__(self) -> "Busy":
        self.seconds = -self._now()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds += self._now()

    def _now(self) -> float:
        found = [
            resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        ]
        return sum(each.ru_utime + each.ru_stime for each in found)


class Largest:
    """The most memory that one of the processes working in ``home`` has (KiB of resident set)."""

    def __init__(self, home: Path) -> None:
        self.kib = 0
        self._home = home
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "Largest":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.1):
            for status in Path("/proc").glob("[0-9]*/status"):
                try:
                    ours = (status.parent / "cwd").readlink() == self._home
                    found = re.search(r"VmHWM:\s+(\d+)", status.read_text()) if ours else None
                except OSError:
                    continue  # it has just ended
                if found:
                    self.kib = max(self.kib, int(found[1]))


@dataclass(frozen=True)
class Figures:
    """Of one edition: messages per second, the largest process in MiB, and core seconds of sending
    (without the start of the command) per message."""

    planning: float
    sending: float
    memory: float
    busy: float


def edition(home: Path, readers: int, relay: str | None, **more: str) -> Figures:
    """Plan and send an edition to every reader of a store."""
    with Largest(home) as largest:
        started = time.perf_counter()
        newsletter(home, "editions", "plan")
        planned = time.perf_counter()
        with Busy() as busy:
            summary = newsletter(home, "editions", "send", relay=relay, **more)
        with Busy() as idle:
            newsletter(home, "editions", "send", relay=relay, **more)
    assert summary["sent"] == readers, summary
    return Figures(
        planning=readers / (planned - started),
        sending=readers / float(str(summary["seconds"])),
        memory=largest.kib / 1024,
        busy=(busy.seconds - idle.seconds) / readers,
    )


def at_once(home: Path, readers: int, relay: str) -> float:
    """Messages per second of one command that plans and sends."""
    started = time.perf_counter()
    summary = newsletter(home, "editions", "send", relay=relay)
    ended = time.perf_counter()
    assert summary["sent"] == readers, summary
    return readers / (ended - started)


def frozen(home: Path, copies: int) -> tuple[MessageFactory, list[CopyRequest]]:
    """What makes the copies of the edition of ``home``, and what some of them are made from."""
    settings = settings_module.load(None, {"NEWSLETTER_HOME": str(home)})
    engine = database.connect(settings.store_url)
    with database.reading(engine) as session:
        factory = make_factory(session, settings, session.scalars(sa.select(Edition)).one())
        rows = session.scalars(sa.select(Delivery).limit(copies)).all()
    engine.dispose()
    return factory, [CopyRequest.of_delivery(row, "r@example.com") for row in rows]


def some(home: Path, copies: int) -> list[Message]:
    """Messages of the edition that was sent from ``home``."""
    factory, requests = frozen(home, copies)
    return [factory.message(request, datetime.now(UTC)) for request in requests]


def reference(home: Path, readers: int) -> tuple[float, float]:
    """Messages per second of smtp-source, each of the size that ours have, and core seconds of
    each."""
    size = sum(len(message.data) for message in some(home, 200)) // 200
    started = time.perf_counter()
    with Busy() as busy:
        subprocess.run(
            [
                *(
                    str(shutil.which("smtp-source")),
                    "-s",
                    str(CONNECTIONS),
                    "-d",
                    "-m",
                    str(readers),
                ),
                *(
                    "-l",
                    str(size),
                    "-f",
                    "a@example.com",
                    "-t",
                    "b@example.com",
                    f"127.0.0.1:{PORT}",
                ),
            ],
            check=True,
        )
    return readers / (time.perf_counter() - started), busy.seconds / readers


def composed(home: Path, copies: int) -> list[Issue]:
    """The issues of an edition, before they are rendered, with the links they have."""
    factory, requests = frozen(home, copies)
    composer = Composer(factory.publication, factory.stories, factory.links)
    return [
        composer.compose(request.reader, request.picks, request.delivery_id) for request in requests
    ]


def peers(home: Path, readers: int) -> dict[str, PeerFigures]:
    """The sender in Go and nodemailer's pool."""
    folder = home / "peers"
    folder.mkdir()
    template = templates.compile_template(resources.folder("templates") / "email")
    delivery_peers.prepare(folder, template, composed(home, OBVIOUS))
    where = folder, "127.0.0.1", PORT, CONNECTIONS
    return {
        "Go, net/smtp": delivery_peers.go(*where, readers),
        "nodemailer, pool": delivery_peers.nodemailer(*where, readers // 4),
    }


def obvious(home: Path, copies: int) -> tuple[float, float]:
    """Messages per second of the obvious pipeline, for the same issues, and core seconds of
    each."""
    folder = resources.folder("templates") / "email"
    environment = jinja2.Environment(autoescape=True)
    environment.globals["_"] = str  # English
    template = environment.from_string(
        sources.assembled(folder / "weekly.mjml").with_look(look()).text
    )
    issues = composed(home, copies)
    renderer = Renderer(templates.compile_template(folder))
    started = time.perf_counter()
    with Busy() as busy, smtplib.SMTP("127.0.0.1", PORT) as server:
        for number, issue in enumerate(issues):
            message = EmailMessage()
            message["From"], message["To"] = "news@example.org", f"reader{number}@example.com"
            message["Subject"] = issue.subject
            message["List-Unsubscribe"] = f"<{issue.unsubscribe_url}>"
            message.set_content(renderer.text(issue))
            markup = mjml.mjml2html(template.render(issue=issue), disable_comments=True, fonts={})
            message.add_alternative(markup, subtype="html")
            server.send_message(message)
    return len(issues) / (time.perf_counter() - started), busy.seconds / len(issues)


def signing(home: Path, key: Path, copies: int = 2_000) -> tuple[float, float]:
    """Signatures per second on one core: what a signed copy takes longer than one without (hashing
    and canonical form included), and what openssl counts for bare RSA."""
    plain = settings_module.load(None, {"NEWSLETTER_HOME": str(home)})
    signed = plain.replace(dkim_key=key, dkim_selector="news")
    engine = database.connect(plain.store_url)
    with database.reading(engine) as session:
        edition = session.scalars(sa.select(Edition)).one()
        presses = [make_factory(session, settings, edition) for settings in (plain, signed)]
        rows = session.scalars(sa.select(Delivery).limit(copies)).all()
    engine.dispose()
    claims = [
        Claim(
            row.id,
            row.subscriber_id,
            row.number,
            "r@example.com",
            json_columns.dump(row.picks),
            json_columns.dump(row.reader),
            0,
        )
        for row in rows
    ]
    now, seconds = datetime.now(UTC), []
    for factory in presses:
        for claim in claims[: copies // 4]:  # what all copies share is made by then
            factory.message(CopyRequest.of_claim(claim), now)
        started = time.process_time()
        for claim in claims[copies // 4 :]:
            factory.message(CopyRequest.of_claim(claim), now)
        seconds.append(time.process_time() - started)
    return (copies - copies // 4) / (seconds[1] - seconds[0]), openssl(1)


def disk(home: Path, times: int = 200) -> float:
    """Seconds until 8 KiB more of a file are safe: what each note in the ledger waits for."""
    handle = os.open(home / "probe", os.O_WRONLY | os.O_CREAT)
    started = time.perf_counter()
    for number in range(times):
        os.pwrite(handle, bytes(8192), number * 8192)
        os.fdatasync(handle)
    os.close(handle)
    return (time.perf_counter() - started) / times


def openssl(processes: int) -> float:
    """Bare RSA signatures per second (2048 bits) that openssl makes."""
    done = subprocess.run(
        ["openssl", "speed", "-seconds", "3", "-multi", str(processes), "rsa2048"],
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"rsa 2048 bits\s+\S+\s+\S+\s+([\d.]+)", done.stdout)
    assert found is not None, done.stdout
    return float(found[1])


def key_file(home: Path) -> Path:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path = home / "dkim.pem"
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    return path


def main(readers: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        homes = {name: Path(folder) / name for name in ("small", "whole", "signed", "once")}
        for name, home in homes.items():
            home.mkdir()
            if name in ("small", "whole"):
                delivery_store.fill(home, readers // 4 if name == "small" else readers)
        for name in ("signed", "once"):
            shutil.copy(homes["whole"] / "newsletter.db", homes[name])
        if not shutil.which("smtp-sink") or not shutil.which("smtp-source"):
            ours = edition(homes["whole"], readers, None)
            print(f"outbox: planning {ours.planning:,.0f}/s, sending {ours.sending:,.0f}/s")
            return
        key = key_file(homes["signed"])
        with sink() as relay:
            small = edition(homes["small"], readers // 4, relay)
            ours = edition(homes["whole"], readers, relay)
            whole = at_once(homes["once"], readers, relay)
            source = reference(homes["whole"], readers)
            others = peers(homes["whole"], readers)
            plain = obvious(homes["whole"], min(readers, OBVIOUS))
            signed = edition(
                homes["signed"],
                readers,
                relay,
                NEWSLETTER_DKIM_KEY=str(key),
                NEWSLETTER_DKIM_SELECTOR="news",
            )
        safe = disk(homes["whole"])
        one, bare = signing(homes["whole"], key)
        cores = len(os.sched_getaffinity(0))
        limit = openssl(cores)
    print(f"{readers:,} issues over {CONNECTIONS} connections, {cores} cores for everything")
    rows: list[tuple[str, float, float | None]] = [
        ("planning (readers)", ours.planning, None),
        ("sending", ours.sending, ours.busy),
        ("planning and sending", whole, None),
        ("sending, signed with DKIM", signed.sending, signed.busy),
        ("smtp-source, same size", *source),
        ("the obvious pipeline", *plain),
    ]
    for name, figures in others.items():
        if figures.missing:
            print(f"{name}: left out, {figures.missing}")
        else:
            rows.append((name, figures.speed, figures.core))
            print(f"sending: {ours.sending / figures.speed:.2f} of {name};", end=" ")
            print(f"planning and sending {whole / figures.speed:.2f};", end=" ")
            print(f"core time a message {ours.busy / figures.core:.2f}")
    for label, speed, busy in rows:
        each = "" if busy is None else f"   {busy * 1e6:6,.0f} µs of a core each"
        print(f"{label:<26}{speed:8,.0f} /s{each}")
    for label, speed in (("sending", ours.sending), ("planning and sending", whole)):
        print(f"{label}: {speed / source[0]:.2f} of smtp-source,", end=" ")
        print(f"{speed / plain[0]:.1f} times the obvious pipeline")
    print(
        f"one core signs {one:,.0f} messages/s, {one / bare:.2f} of openssl's bare {bare:,.0f};",
        end=" ",
    )
    print(
        f"openssl on all cores {limit:,.0f}: sending, signed, is {signed.sending / limit:.2f} of it"
    )
    print(f"a write is safe on this disk after {safe * 1e3:.2f} ms")
    print(
        f"largest process: {small.memory:.0f} MiB for {readers // 4:,}, {ours.memory:.0f} for all"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) == 2 else 20_000)
