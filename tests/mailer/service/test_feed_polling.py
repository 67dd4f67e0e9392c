"""The service fetches its feeds by itself: good ones on time, bad ones named and asked more seldom,
none of them at the cost of another."""

import gzip
import http.server
import resource
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.service import scheduler
from mailer.service.context import SchedulerContext
from recommender.articles import feed_fetching, feed_schedule
from recommender.articles.feed_fetching import FetchResult
from recommender.models import Article, Feed
from recommender.safety import network
from recommender.settings import Settings
from recommender.storage import database

ITEM = """<item><title>{name}</title><link>https://example.com/{name}</link><guid>{name}</guid>
<description>Log-structured merge trees of {name}, explained.</description>
<pubDate>Mon, 23 Nov 2026 09:00:00 GMT</pubDate></item>"""
RSS = '<?xml version="1.0" encoding="{charset}"?><rss version="2.0"><channel><title>F</title>{items}</channel></rss>'  # noqa: E501
BOMB = (
    '<!DOCTYPE r [<!ENTITY a "' + "x" * 1000 + '">'
    + "".join(f'<!ENTITY a{n} "{"&a%s;" % (n - 1 if n else "") * 10}">' for n in range(9))
    + "]><rss><channel><item><title>&a8;</title></item></channel></rss>"
)  # fmt: skip

BOMBED = gzip.compress(b"<rss>" + b" " * 100_000_000, 1)


class Handler(http.server.BaseHTTPRequestHandler):
    """A web server on which every feed has a trouble of its own."""

    asked: Counter[str]

    def do_GET(self) -> None:
        self.asked[self.path] += 1
        name = self.path.strip("/")
        charset = ("utf-8", "latin-1", "utf-16")[self.asked[self.path] % 3]
        match name:
            case "gone" | "busy" | "broken" | "busy-until":
                status = {"gone": 410, "broken": 500}.get(name, 429)
                date = format_datetime(datetime(2026, 11, 25, 9, 0, tzinfo=UTC), usegmt=True)
                self.answer(b"", status, {"Retry-After": date if "-" in name else "10800"})
            case "same" if self.headers.get("If-None-Match"):
                self.answer(b"", 304)
            case "huge":
                self.answer(b"<rss>" + b"x" * 20_000_000)
            case "bomb":
                self.answer(BOMB.encode())
            case "zipped" | "inward" | "metadata" | "twin?1" | "twin?2":
                self.more(name)
            case "page":
                self.answer(b"<html>no feed</html>")
            case "slow":
                self.send_response(200)
                self.end_headers()
                for _ in range(600):
                    self.wfile.write(b" ")
                    self.wfile.flush()
                    time.sleep(0.1)
            case "charset":
                item = ITEM.format(name=f"caf\u00e9-{self.asked[self.path]}")
                text = RSS.format(charset=charset, items=item)
                self.answer(text.encode(charset))
            case _:
                self.answer(RSS.format(charset="utf-8", items=ITEM.format(name=name)).encode())

    def more(self, name: str) -> None:
        match name:
            case "zipped":
                self.answer(BOMBED, 200, {"Content-Encoding": "gzip"})
            case "inward":
                there = f"http://127.0.0.2:{self.headers['Host'].partition(':')[2]}/good"
                self.answer(b"", 302, {"Location": there})
            case "metadata":
                self.answer(b"", 302, {"Location": "http://169.254.169.254/latest/meta-data/"})
            case _:
                item = ITEM.format(name="twin").replace("<guid>", "<guid>https://t.example/")
                text = RSS.format(charset="utf-8", items=item)
                self.answer(text.replace("<title>F<", f"<title>{name}<").encode())

    def answer(self, body: bytes, status: int = 200, fields: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for field, value in {
            "ETag": '"v1"',
            "Content-Length": str(len(body)),
            **(fields or {}),
        }.items():
            self.send_header(field, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            return  # whoever asked has gone


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(Handler, "asked", Counter(), raising=False)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
        web.daemon_threads = True
        web.block_on_close = False
        threading.Thread(target=web.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{web.server_address[1]}"
        web.shutdown()


class Service:
    """A service whose clock stands, and what it said."""

    def __init__(self, store: Engine, home: Path, now: datetime, *, private: bool = True) -> None:
        self.store, self.now, self.said = store, now, list[str]()
        settings = Settings(home=home, feeds_private=private)
        self.stop = threading.Event()
        self.context = SchedulerContext(
            store, settings, lambda: self.now, self.stop, self.said.append
        )

    def minute(self, later: timedelta = timedelta(0)) -> None:
        self.now += later
        scheduler._feeds_job(self.context)

    def watch(self, *urls: str) -> None:
        with database.writing(self.store) as session:
            for url in urls:
                feed_fetching.add(session, url, now=self.now)

    def feed(self, url: str) -> Feed:
        with database.reading(self.store) as session:
            return feed_fetching.find(session, url)

    def titles(self) -> set[str]:
        with database.reading(self.store) as session:
            return set(session.scalars(sa.select(Article.title)))


@pytest.fixture
def service(store: Engine, tmp_path: Path, now: datetime) -> Service:
    return Service(store, tmp_path, now)


TROUBLES = {
    "gone": "410",
    "busy": "429",
    "broken": "500",
    "huge": "bytes",
    "page": "",
    "zipped": "larger than 5,000,000 bytes",
    "slow": "",
    "bomb": "entities that are made of entities",
}


def test_good_feeds_are_fetched_on_time_beside_bad_ones_each_of_which_is_named(
    service: Service, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_fetching, "SECONDS", 3.0)
    good = [f"{server}/good{n}" for n in range(20)]
    service.watch(*(f"{server}/{name}" for name in TROUBLES), *good)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    service.minute()
    assert time.monotonic() - began < 30
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 60_000, "kB"
    assert service.titles() >= {f"good{n}" for n in range(20)}
    for name, words in TROUBLES.items():
        feed = service.feed(f"{server}/{name}")
        assert feed.problem is not None, name
        assert words in feed.problem
        assert (feed.failures, feed.last_error, feed.succeeded_at) == (1, feed.problem, None)
        assert sum(f"/{name}: " in line for line in service.said) == 1, service.said
    for url in good:
        feed = service.feed(url)
        assert (feed.problem, feed.succeeded_at, feed.weekly_items) == (None, service.now, 1.0)


def test_a_private_address_is_asked_only_where_that_is_allowed(
    store: Engine, server: str, tmp_path: Path, now: datetime
) -> None:
    service = Service(store, tmp_path, now, private=False)
    service.watch(f"{server}/good")
    service.minute()
    problem = service.feed(f"{server}/good").problem
    assert problem is not None
    assert "feeds_private = true" in problem
    assert Handler.asked == {}


@pytest.mark.parametrize("name", ["inward", "metadata"])
def test_no_redirect_leads_to_a_private_address(
    store: Engine, server: str, tmp_path: Path, now: datetime, name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(network, "is_public", lambda address: str(address) == "127.0.0.1")
    service = Service(store, tmp_path, now, private=False)
    service.watch(f"{server}/{name}", f"{server}/good")
    service.minute()
    problem = service.feed(f"{server}/{name}").problem
    assert problem is not None
    assert "is at the private address" in problem
    assert service.titles() == {"good"}
    assert Handler.asked["/good"] == 1


def test_an_article_that_two_feeds_carry_stays_with_the_first(
    service: Service, server: str
) -> None:
    service.watch(f"{server}/twin?1", f"{server}/twin?2")
    for _ in range(3):
        service.minute(timedelta(hours=2))
    with database.reading(service.store) as session:
        (article,) = session.scalars(sa.select(Article))
        brought = article.feed_id
        assert article.updated_at == article.imported_at
        assert brought in {feed.id for feed in feed_fetching.listing(session)}


def test_a_feed_is_asked_every_hour_and_no_more(service: Service, server: str) -> None:
    service.watch(f"{server}/same")
    for _ in range(12 * 13):
        service.minute(timedelta(minutes=5))
    assert 11 <= Handler.asked["/same"] <= 13
    assert service.feed(f"{server}/same").failures == 0  # 304 is a success
    assert service.titles() == {"same"}


def test_a_feed_that_fails_is_asked_more_and_more_seldom_until_it_is_well(
    service: Service, server: str
) -> None:
    service.watch(f"{server}/broken")
    for _ in range(24 * 7):
        service.minute(timedelta(hours=1))
    assert 9 <= Handler.asked["/broken"] <= 13
    assert len(service.said) == 1
    waits = service.feed(f"{server}/broken").due_at
    assert waits is not None
    assert waits - service.now <= timedelta(days=1.1)


@pytest.mark.parametrize(
    ("name", "until"), [("busy", timedelta(hours=3)), ("busy-until", timedelta(hours=24))]
)
def test_a_server_that_says_when_to_come_again_is_heard(
    service: Service, server: str, name: str, until: timedelta
) -> None:
    service.watch(f"{server}/{name}")
    service.minute()
    service.minute(until - timedelta(minutes=1))
    assert Handler.asked[f"/{name}"] == 1
    service.minute(timedelta(minutes=2))
    assert Handler.asked[f"/{name}"] == 2


def test_what_is_gone_for_good_rests_until_it_is_resumed(service: Service, server: str) -> None:
    url = f"{server}/gone"
    service.watch(url)
    for _ in range(3):
        service.minute(timedelta(days=3))
    assert (Handler.asked["/gone"], service.feed(url).paused_at is not None) == (1, True)
    with database.writing(service.store) as session:
        feed_schedule.resume(session, url)
    service.minute()
    assert Handler.asked["/gone"] == 2


def test_a_feed_may_change_its_charset(service: Service, server: str) -> None:
    service.watch(f"{server}/charset")
    for _ in range(3):
        service.minute(timedelta(hours=2))
    assert service.titles() == {f"caf\u00e9-{n}" for n in (1, 2, 3)}


def test_a_service_that_stops_waits_for_no_feed(service: Service, server: str) -> None:
    service.watch(*(f"{server}/slow?{n}" for n in range(1)), f"{server}/slow")
    threading.Timer(1.0, service.stop.set).start()
    began = time.monotonic()
    service.minute()
    assert time.monotonic() - began < 5
    assert service.feed(f"{server}/slow").fetched_at is None


def test_what_is_removed_while_it_is_asked_stays_removed(store: Engine, now: datetime) -> None:
    with database.writing(store) as session:
        feed_fetching.add(session, "https://example.com/feed", now=now)
    with database.writing(store) as session:
        feed_schedule.remove(session, "https://example.com/feed")
        feed_schedule.note(session, FetchResult("https://example.com/feed"), now=now)
    with database.reading(store) as session:
        assert feed_fetching.listing(session) == []


@pytest.mark.parametrize("text", ["", "soon", "-1", "9" * 5_000, "Mon, 99 Nov 2026", "\u0661"])
def test_no_words_of_a_server_can_put_a_feed_to_sleep_for_ever(
    store: Engine, now: datetime, text: str
) -> None:
    url = "https://example.com/feed"
    with database.writing(store) as session:
        feed_fetching.add(session, url, now=now)
    with database.writing(store) as session:
        feed_schedule.note(session, FetchResult(url, problem="x", retry_after=text), now=now)
        due_at = feed_fetching.find(session, url).due_at
        assert due_at is not None
        assert now < due_at <= now + timedelta(days=7)
