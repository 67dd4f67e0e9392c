"""A month by itself: nobody types a command. Feeds are fetched, four editions sent, readers click,
answer, steer by reply, come, go, bounce (by IMAP where there is Dovecot) and complain (by webhook),
and the service is killed with -9 again and again: with mail on the wire, with an answer to a reply,
while it takes a webhook. In the end its report, its metrics, its ledger and the world agree to the
last number."""

import base64
import contextlib
import http.client
import http.server
import json
import mailbox
import os
import re
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from sqlalchemy.engine import Engine

from mailer import cli
from mailer.inbound import steering
from recommender.articles import feed_fetching
from recommender.models import Article, Delivery, Edition, Event, Status, Subscriber
from recommender.storage import database
from recommender.subscribers import records
from tests.mailer import dovecot
from tests.mailer.conftest import certificates as certificates
from tests.mailer.inbound.reports import bounce, failed
from tests.promises.conftest import SUBJECTS, add_readers, words

START = datetime(2026, 11, 2, 0, 0, tzinfo=UTC)  # a Monday
EDITIONS = ("2026-W45", "2026-W46", "2026-W47", "2026-W48")
STEP = timedelta(hours=8)
HOOKS = "hooks:nqD7vYk2LpXw93Rt"
PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
READERS = 14
CLICKING, ANSWERING = ("reader0", "reader1", "reader2", "new"), ("reader3",)
LEAVING, BOUNCING, COMPLAINING, GONE = "reader4", "reader5", "reader6", "reader7"
REPLYING, STEERING, UNDOING, UNCLEAR = "reader9", "reader10", "reader11", "reader12"
SAID = {
    REPLYING: "Please unsubscribe me.\n\nThank you\n",
    STEERING: f"Less {SUBJECTS[2].lower()}, more {SUBJECTS[3].lower()}\n",
    UNDOING: f"less {SUBJECTS[3].lower()}\n",
    UNCLEAR: "more knitting\n",
}
KILLED_AT = (3, 8, 17, 26, 35, 46)
"""The mails, counted from the first, with which the service is killed before it has the answer."""
KILLED_IN_WEBHOOK = (0.0, 0.02, None)
"""Seconds after a request was written; None: when its answer is there, and lost."""
KILLS = len(KILLED_AT) + len(KILLED_IN_WEBHOOK) + 1  # and with the first answer to a reply
ITEM = """<item><title>{title}</title><link>{link}</link><guid isPermaLink="false">{guid}</guid>
<category>{topic}</category><description>{text}</description><pubDate>{date}</pubDate></item>"""


class World:
    """What is outside of the service: feeds, a relay, readers and a provider; it keeps count."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.now = START
        self.mails: list[tuple[str, EmailMessage]] = []
        self.clicks: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        self.deeds: list[tuple[datetime, Callable[[], None]]] = []
        self.refused: Counter[str] = Counter()
        self.service: Service | None = None
        self.put: Callable[[bytes], object] = lambda _: None
        self.returned: Counter[str] = Counter()
        self.told: Counter[tuple[str, str]] = Counter()

    # The relay.

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's names)
        self, server: Any, session: Any, envelope: Any, address: str, _: Any
    ) -> str:
        if address.startswith(GONE):
            self.refused[address] += 1
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        (address,) = envelope.rcpt_tos
        self.mails.append((address, mail))
        self.react(address, mail)
        answer = str(mail["Subject"]).partition(":")[0]
        steered = answer == "Changed as you asked" and not self.told.total()
        if answer in ("Changed as you asked", "Your reply"):
            self.told[address.partition("@")[0], answer] += 1
        if (steered or len(self.mails) in KILLED_AT) and self.service is not None:
            self.service.kill()
        return "250 2.0.0 queued"

    # The readers.

    def later(self, deed: Callable[[], None], hours: float = 4) -> None:
        self.deeds.append((self.now + timedelta(hours=hours), deed))

    def react(self, address: str, mail: EmailMessage) -> None:
        name, edition = address.partition("@")[0], period(mail)
        if edition is None:
            if name == "new" and links(mail, "confirm"):
                self.later(lambda: self.confirm(mail), 1)
            elif name == UNDOING:
                self.later(lambda: self.undo(mail))
        else:
            self.read(name, address, mail, edition)

    def read(self, name: str, address: str, mail: EmailMessage, edition: str) -> None:
        if name in CLICKING:
            self.later(lambda: self.click(mail, edition))
        elif name in ANSWERING:
            self.later(lambda: self.more(mail, edition))
        elif (name, edition) == (LEAVING, EDITIONS[1]):
            self.later(lambda: self.leave(mail))
        elif name in SAID and edition == EDITIONS[name == REPLYING]:
            self.later(lambda: self.reply(address, mail))
        elif name == BOUNCING:
            self.later(lambda: self.bounce(mail))
        elif (name, edition) == (COMPLAINING, EDITIONS[1]):
            self.later(lambda: self.complain(address))
        elif name == "reader8":
            self.later(lambda: self.scan(mail), 0)

    def click(self, mail: EmailMessage, edition: str) -> None:
        status, _ = self.ask("GET", links(mail, "c")[0])
        assert status in (302, 303, 307), status
        self.clicks[edition] += 1

    def scan(self, mail: EmailMessage) -> None:
        for link in links(mail, "c"):
            self.ask("HEAD", link)

    def more(self, mail: EmailMessage, edition: str) -> None:
        link = links(mail, "f")[0]
        assert self.ask("GET", link)[0] == 200
        assert self.ask("POST", link, b"")[0] in (200, 303)
        self.answers[edition] += 1

    def leave(self, mail: EmailMessage) -> None:
        (link,) = re.findall(r"<(http[^>]+)>", str(mail["List-Unsubscribe"]))
        assert self.ask("POST", link, b"List-Unsubscribe=One-Click")[0] == 200

    def sign_up(self) -> None:
        for name in ("new", "undecided"):
            body = urlencode({"email": f"{name}@example.com", "website": "", "locale": "en"})
            assert self.ask("POST", "/subscribe", body.encode())[0] in (200, 303)

    def confirm(self, mail: EmailMessage) -> None:
        link = links(mail, "confirm")[0]
        assert self.ask("GET", link)[0] == 200
        body = urlencode({"topics": SUBJECTS[0], "timezone": "UTC"}).encode()
        assert self.ask("POST", link, body)[0] in (200, 303)

    def bounce(self, mail: EmailMessage) -> None:
        returned = f"From: news@here.example\nMessage-ID: {mail['Message-ID']}\n"
        self.put(bounce(failed("5.1.1", "550 5.1.1 user unknown"), returned=returned))
        self.returned["hard"] += 1

    def reply(self, address: str, mail: EmailMessage) -> None:
        answer = EmailMessage()
        answer["From"], answer["To"], answer["Subject"] = address, "n@here.example", "Re: news"
        answer["In-Reply-To"] = mail["Message-ID"]
        name = address.partition("@")[0]
        answer.set_content(SAID[name])
        self.put(answer.as_bytes())
        self.returned[{REPLYING: "leave", UNCLEAR: "unclear"}.get(name, "steering")] += 1

    def undo(self, mail: EmailMessage) -> None:
        (link,) = links(mail, "undo")
        assert self.ask("GET", link)[0] == 200
        assert self.ask("POST", link, b"")[0] in (200, 303)

    def complain(self, address: str) -> None:
        event = json.dumps({"RecordType": "SpamComplaint", "ID": 7, "Email": address}).encode()
        assert self.service is not None
        for seconds in KILLED_IN_WEBHOOK:
            connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=20)
            connection.request("POST", "/hooks/postmark", event, fields_of("/hooks"))
            if seconds is None:
                assert connection.getresponse().status == 200
            else:
                time.sleep(seconds)
            self.service.kill()
            connection.close()
            self.service.end()
            self.service.start()
        for _ in range(2):  # providers repeat themselves
            assert self.ask("POST", "/hooks/postmark", event)[0] == 200

    def ask(self, method: str, link: str, body: bytes | None = None) -> tuple[int, str]:
        """What a page answers. Whoever finds the service dead, or about to answer and killed, comes
        again."""
        parts = urlsplit(link)
        fields = fields_of(parts.path)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        until = time.monotonic() + 60
        while True:
            assert self.service is not None
            connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=20)
            try:
                connection.request(method, target, body, fields)
                answer = connection.getresponse()
                return answer.status, answer.read().decode("utf-8", "replace")
            except (OSError, http.client.HTTPException):
                assert time.monotonic() < until
                time.sleep(0.05)
            finally:
                connection.close()

    def act(self) -> None:
        """Do what readers have in mind to do by now."""
        due = [deed for at, deed in self.deeds if at <= self.now]
        self.deeds = [(at, deed) for at, deed in self.deeds if at > self.now]
        for deed in due:
            deed()

    # The feeds.

    def feed(self, name: str) -> tuple[int, bytes]:
        week = (self.now - START).days // 7
        if name == "dead" or (name == "copy" and week == 1):
            return 500, b""
        items = ""
        for number in range(week + 1):
            date = format_datetime(START + timedelta(days=7 * number, hours=6))
            for topic in SUBJECTS[: 4 if name == "main" else 1]:
                # The other feed carries the same story of the first subject, in almost its words.
                text = f"What changed in {topic}: {words(f'{topic}{number}')}."
                text += " As first reported elsewhere." if name == "copy" else ""
                items += ITEM.format(
                    title=f"{topic}, week {number}{' again' if name == 'copy' else ''}",
                    link=f"https://{name}.example/{topic.split()[0].lower()}/{number}",
                    guid=f"{name} {topic} {number}",
                    topic=topic,
                    text=text,
                    date=date,
                )
        return (
            200,
            f"<rss version='2.0'><channel><title>{name}</title>{items}</channel></rss>".encode(),
        )


def fields_of(path: str) -> dict[str, str]:
    """What a person's browser, or the provider, says with a request."""
    if path.startswith("/hooks"):
        basic = base64.b64encode(HOOKS.encode()).decode()
        return {"Authorization": f"Basic {basic}", "Content-Type": "application/json"}
    return {"User-Agent": PERSON, "Content-Type": "application/x-www-form-urlencoded"}


@contextlib.contextmanager
def postbox(home: Path, cafile: Path) -> Iterator[tuple[str, Callable[[bytes], object]]]:
    """The mailbox that mail comes back to, as a URL, and what puts a message into it: an IMAP
    server's where there is Dovecot, else a Maildir."""
    if dovecot.found() is None:
        yield str(home / "bounces"), mailbox.Maildir(home / "bounces").add
        return
    with (  # its sockets must have short names
        tempfile.TemporaryDirectory(prefix="dovecot-", ignore_cleanup_errors=True) as folder,
        dovecot.running(Path(folder), cafile, cafile.parent / "key.pem", cafile) as server,
    ):
        yield server.url("imaps"), lambda data: server.add(data, sha256(data).hexdigest()[:16])


def period(mail: EmailMessage) -> str | None:
    """The edition of which a mail is a copy."""
    found = re.match(r"<weekly-(\d{4}-W\d\d)\.", str(mail["Message-ID"]))
    return found[1] if found else None


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def links(mail: EmailMessage, kind: str) -> list[str]:
    return list(dict.fromkeys(re.findall(rf"http://[^/\s]+/{kind}/[\w.-]+", text_of(mail))))


class Service:
    """The service's process, started again whenever it was killed."""

    def __init__(self, world: World, port: int, environment: dict[str, str]) -> None:
        self.world, self.port, self.environment = world, port, environment
        self.kills, self.said = 0, list[str]()
        self.process = self.start()

    def start(self) -> subprocess.Popen[str]:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.promises.moved_service", str(self.port)],
            env=self.environment, cwd=Path(__file__).parents[2], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self.tell()
        return self.process

    def kill(self) -> None:
        self.kills += 1
        os.kill(self.process.pid, signal.SIGKILL)

    def tell(self) -> bool:
        """Tell it what time it is; whether it lived to do what was due."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(f"{self.world.now.isoformat()}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return False
        for line in self.process.stdout:
            if line.strip() == "done":
                return True
            self.said.append(line.strip())
        return False

    def step(self) -> None:
        for _ in range(5):
            if self.tell():
                return
            self.end()
            self.start()
        raise AssertionError(self.said)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            try:
                pipe.close()
            except BrokenPipeError:
                continue


def free_port() -> int:
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as taken:
        return int(taken.server_address[1])


@pytest.fixture
def world(home: Path, engine: Engine, certificates: tuple[ssl.SSLContext, Path]) -> Iterator[World]:
    """The world, with its service at work in it."""
    with postbox(home, certificates[1]) as (url, put):
        yield from _world(home, engine, url, put)


def _world(home: Path, engine: Engine, box: str, put: Callable[[bytes], object]) -> Iterator[World]:
    world = World(home)
    world.put = put

    class Feeds(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = world.feed(self.path.strip("/"))
            tag = f'"{hash(body)}"'
            if status == 200 and self.headers.get("If-None-Match") == tag:
                status, body = 304, b""
            self.send_response(status)
            self.send_header("ETag", tag)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    feeds = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Feeds)
    feeds.daemon_threads = True
    threading.Thread(target=feeds.serve_forever, daemon=True).start()
    relay = Controller(world, hostname="127.0.0.1", port=free_port())
    relay.start()
    add_readers(engine, START, READERS)
    with database.writing(engine) as session:
        for name in ("main", "copy", "dead"):
            url = f"http://127.0.0.1:{feeds.server_address[1]}/{name}"
            feed_fetching.add(session, url, now=START)
    address = engine.url.render_as_string(hide_password=False)
    engine.dispose()
    port = free_port()
    given = {
        "home": str(home), "database_url": address, "base_url": f"http://127.0.0.1:{port}",
        "smtp_url": f"smtp://127.0.0.1:{relay.port}?starttls=never", "from": "N <n@here.example>",
        "postal_address": "1 Street", "schedule": "thursday 08:00", "picks": "3",
        "feeds_private": "true", "bounce_mailbox": box, "processes": "1",
        "hooks_postmark_secret": HOOKS, "alert_to": "ops@here.example", "connections": "1",
        "secret_key": "a secret of more than forty characters, really",
    }  # fmt: skip
    environment = {f"NEWSLETTER_{name.upper()}": value for name, value in given.items()}
    os.environ.update(environment)
    world.service = Service(world, port, environment | {"PATH": os.environ["PATH"]})
    yield world
    world.service.end()
    for name in environment:
        del os.environ[name]
    relay.stop()
    feeds.shutdown()
    feeds.server_close()


def following(now: datetime) -> datetime:
    """The next moment at which the world looks: midnight, eight, sixteen; around an edition's hour
    time passes slowly."""
    if now.weekday() == 3 and 8 <= now.hour < 9:
        return now + timedelta(minutes=10)
    midnight = now.replace(hour=0, minute=0)
    return midnight + ((now - midnight) // STEP + 1) * STEP


def live(world: World) -> None:
    """Four weeks, and two moments for what has not come back yet."""
    assert world.service is not None
    end, signed_up, more = START + timedelta(days=28), False, 2
    while world.now < end or more:
        more -= world.now >= end
        world.service.step()
        world.act()
        if not signed_up and world.now > START + timedelta(days=8):
            world.sign_up()
            signed_up = True
        world.now = following(world.now)


def metrics(world: World) -> dict[str, float]:
    text = world.ask("GET", "/metrics")[1]
    lines = [line.rpartition(" ") for line in text.splitlines() if line[:1] not in ("#", "")]
    return {name: float(value) for name, _, value in lines}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_month_by_itself(
    world: World, engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    live(world)
    time.sleep(1)  # clicks are written a moment after they are answered
    assert world.service is not None
    assert world.service.kills == KILLS
    assert world.deeds == []
    shown = metrics(world)
    world.service.end()

    copies = [(edition, to) for to, mail in world.mails if (edition := period(mail))]
    assert len(copies) == len(set(copies))  # nobody got a copy twice
    everybody = {f"reader{n}@example.com" for n in range(READERS)} - {f"{GONE}@example.com"}
    lost = {f"{name}@example.com" for name in (LEAVING, REPLYING, COMPLAINING)}
    wanted = {
        EDITIONS[0]: everybody,
        EDITIONS[1]: everybody - {f"{BOUNCING}@example.com"} | {"new@example.com"},
    }
    wanted[EDITIONS[2]] = wanted[EDITIONS[3]] = wanted[EDITIONS[1]] - lost
    assert {one: {to for edition, to in copies if edition == one} for one in EDITIONS} == wanted
    welcomed = [to for to, mail in world.mails if "<weekly-welcome-" in str(mail["Message-ID"])]
    assert set(welcomed) == {"new@example.com"}
    assert world.refused == {f"{GONE}@example.com": 1}

    ledger = _ledger(engine)
    for edition in EDITIONS:
        states = ledger[edition]
        assert states["sent"] + states["in_doubt"] == len(wanted[edition]), edition
        assert set(states) <= {"sent", "in_doubt", "failed"}
        assert states["failed"] == (edition == EDITIONS[0])
        for state, number in states.items():
            name = f'newsletter_deliveries{{edition="weekly-{edition}",state="{state}"}}'
            # The metrics have the latest four; one of them is what welcomed who came.
            assert name not in shown if edition == EDITIONS[0] else shown[name] == number
        capsys.readouterr()
        assert cli.run(["editions", "report", "--period", edition, "--json"]) == 0
        report = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert report["totals"]["sent"] == states["sent"]
        assert report["totals"]["in_doubt"] == states["in_doubt"]
        assert sum(story["clicked"] for story in report["stories"]) == world.clicks[edition]
        assert sum(story["more"] for story in report["stories"]) == world.answers[edition]
        funnel = report["funnel"]
        assert funnel["unsubscribed"] == 2 * (edition == EDITIONS[1])
        assert funnel["complained"] == (edition == EDITIONS[1])
    assert sum(states["in_doubt"] for states in ledger.values()) <= len(KILLED_AT)
    _replies_were_acted_on_and_answered_once(world, engine, shown)

    with database.reading(engine) as session:
        readers = session.execute(sa.select(Subscriber.email, Subscriber.status))
        statuses = dict(readers.all())
        counts = sa.select(Event.kind, sa.func.count()).where(Event.verified)
        events = {str(k): n for k, n in session.execute(counts.group_by(Event.kind))}
        articles = session.scalar(sa.select(sa.func.count(Article.id)))
    expected = dict.fromkeys(everybody | {"new@example.com"}, Status.ACTIVE)
    expected |= {f"{BOUNCING}@example.com": Status.BOUNCED, f"{GONE}@example.com": Status.BOUNCED}
    expected |= {f"{COMPLAINING}@example.com": Status.COMPLAINED}
    expected |= dict.fromkeys(
        [f"{name}@example.com" for name in (LEAVING, REPLYING)], Status.UNSUBSCRIBED
    )
    expected |= {"undecided@example.com": Status.PENDING}
    assert statuses == expected
    for status, number in Counter(expected.values()).items():
        assert shown[f'newsletter_subscribers{{status="{status}"}}'] == number
    counted = {"click": world.clicks.total(), "more": world.answers.total()}
    counted |= {"unsubscribe": 2, "complaint": 1}
    assert {kind: number for kind, number in events.items() if kind in counted} == counted
    for kind, number in counted.items():
        assert shown[f'newsletter_events{{kind="{kind}"}}'] == number
    weeks = (world.now - START).days // 7 + 1
    assert articles == (len(SUBJECTS) + 1) * weeks  # the second feed made up for its outage

    _nobody_got_a_story_and_its_twin(world)

    # What was wrong for a week was told once, and once more when it was over. What was on the wire
    # when the service was killed came again, with the id it had.
    alerts = {mail["Message-ID"]: mail for to, mail in world.mails if to == "ops@here.example"}
    told = [str(mail["Subject"]) for mail in alerts.values()]
    found = [re.findall(r"/(dead|copy) (could not be read|is well again)", line) for line in told]
    assert found == [
        [("dead", "could not be read")],
        [("copy", "could not be read")],
        [("copy", "is well again")],
    ]


def _replies_were_acted_on_and_answered_once(
    world: World, engine: Engine, shown: dict[str, float]
) -> None:
    """Each counts once; the answer that was on the wire when the service was killed is in doubt,
    and was not mailed again."""
    asked = {(STEERING, "Changed as you asked"), (UNDOING, "Changed as you asked")}
    assert world.told == Counter(asked | {(UNCLEAR, "Your reply")})
    assert world.service is not None
    doubts = [line for line in world.service.said if "answer to a reply is in doubt" in line]
    assert len(doubts) == 1
    counted: Counter[str] = Counter()
    for name, number in shown.items():
        if name.startswith("newsletter_inbound_messages{"):
            kind = re.search(r'kind="(\w+)"', name)
            assert kind is not None
            counted[kind[1]] += int(number)
    assert counted == world.returned
    complaint = 'newsletter_webhook_events{meaning="complaint",provider="postmark"}'
    assert shown[complaint] == 1
    with database.reading(engine) as session:
        chosen = {
            name: {one.topic.name: one.weight for one in records.find(session, to).topics}
            for name in (STEERING, UNDOING, UNCLEAR)
            if (to := f"{name}@example.com")
        }
    assert chosen == {
        STEERING: {SUBJECTS[2]: steering.DISLIKE, SUBJECTS[3]: steering.LIKE},
        UNDOING: {SUBJECTS[3]: 3},
        UNCLEAR: {SUBJECTS[0]: 3},
    }
    for week, edition in enumerate(EDITIONS[1:], 1):
        (text,) = [text_of(m) for to, m in world.mails
                   if to.startswith(f"{STEERING}@") and period(m) == edition]  # fmt: skip
        assert f"{SUBJECTS[3]}, week {week}" in text
        assert f"{SUBJECTS[2]}, week {week}" not in text


def _nobody_got_a_story_and_its_twin(world: World) -> None:
    """What two feeds carry is one story, with both sources."""
    read: dict[str, str] = {}
    for address, mail in world.mails:
        if period(mail):
            read[address] = read.get(address, "") + text_of(mail)
    assert any("Also covered by" in text for text in read.values())
    for text in read.values():
        for week in range(len(EDITIONS)):
            title = f"{SUBJECTS[0]}, week {week}"
            assert not (f"{title} again" in text and re.search(f"{title}(?! again)", text)), text


def _ledger(engine: Engine) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {edition: Counter() for edition in EDITIONS}
    query = sa.select(Edition.period, Delivery.state, sa.func.count()).join(
        Edition, Edition.id == Delivery.edition_id
    )
    query = query.where(Edition.period.in_(EDITIONS)).group_by(Edition.period, Delivery.state)
    with database.reading(engine) as session:
        for edition, state, number in session.execute(query):
            found[edition][str(state)] = number
    return found
