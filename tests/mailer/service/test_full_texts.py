"""Where a feed gives only a few words, the page is read: once, and at nobody's cost."""

import http.server
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.service import feed_polling, full_texts
from recommender.articles import feed_fetching, feed_schedule
from recommender.models import Article
from recommender.settings import Settings
from recommender.storage import database
from recommender.story_text import Image

pytest.importorskip("trafilatura", reason="the extra fulltext is missing")

PAGE = """<html><head><meta property="og:image" content="/{0}.jpg"></head>
<body><article><h1>{0}</h1>{1}</article></body></html>"""
PARAGRAPH = "<p>A weir keeps the level of the river so that boats may pass, number {} of many.</p>"
ITEM = "<item><title>{0}</title><link>/{0}</link><description>Few words.</description></item>"


class Site(http.server.BaseHTTPRequestHandler):
    """A feed with a few words, and its pages."""

    asked: Counter[str]
    names: tuple[str, ...]

    def do_GET(self) -> None:
        self.asked[self.path] += 1
        name, kind = self.path.strip("/"), "text/html"
        body = PAGE.format(name, "".join(map(PARAGRAPH.format, range(20))))
        if name == "feed":
            items = "".join(map(ITEM.format, self.names))
            body = (
                f"<rss><channel><title>F</title><link>http://{self.headers['Host']}/</link>{items}"
            )
            body, kind = body + "</channel></rss>", "text/xml"
        elif name == "slow":
            time.sleep(5)
        elif name == "missing":
            self.send_error(404)
            return
        elif name == "film":
            kind = "video/mp4"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(Site, "asked", Counter(), raising=False)
    monkeypatch.setattr(Site, "names", ("weir", "slow", "missing", "film"), raising=False)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as web:
        web.daemon_threads = True
        web.block_on_close = False
        threading.Thread(target=web.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{web.server_address[1]}"
        web.shutdown()


def fetch(store: Engine, home: Path, now: datetime, **values: Any) -> dict[str, Article]:
    settings = Settings(home=home, feeds_private=True, **values)
    with database.reading(store) as session:
        watched = feed_fetching.listing(session)
    list(feed_polling.poll(store, settings, watched, lambda: now))
    with database.reading(store) as session:
        return {one.title: one for one in session.scalars(sa.select(Article))}


def test_pages_are_read_once_where_that_is_wanted(
    store: Engine, site: str, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(full_texts, "SECONDS", 1.0)
    with database.writing(store) as session:
        feed_fetching.add(session, f"{site}/feed", now=now)
    began = time.monotonic()
    for hours in range(3):
        found = fetch(store, tmp_path, now + timedelta(hours=hours), full_text=True)
        assert set(found) == {"weir", "slow", "missing", "film"}
        assert "number 19 of many" in found["weir"].body
        assert found["weir"].summary == "Few words."
        assert found["weir"].image == Image(f"{site}/weir.jpg")
        assert {found[name].body for name in ("slow", "missing", "film")} == {""}
    assert time.monotonic() - began < 60
    assert Site.asked == {"/feed": 3, "/weir": 1, "/slow": 1, "/missing": 1, "/film": 1}
    assert found["weir"].updated_at == now


def test_without_being_wanted_no_page_is_asked_for(
    store: Engine, site: str, tmp_path: Path, now: datetime
) -> None:
    with database.writing(store) as session:
        feed_fetching.add(session, f"{site}/feed", now=now)
    assert fetch(store, tmp_path, now)["weir"].body == ""
    assert Site.asked == {"/feed": 1}


def test_of_a_long_feed_the_first_entries_are_completed(
    store: Engine, site: str, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Site, "names", tuple(f"n{n}" for n in range(30)))
    with database.writing(store) as session:
        feed_fetching.add(session, f"{site}/feed", now=now)
    found = fetch(store, tmp_path, now, full_text=True)
    assert sum(bool(one.body) for one in found.values()) == full_texts.PAGES
    with database.reading(store) as session:
        assert feed_schedule.dead(session, now) == []
