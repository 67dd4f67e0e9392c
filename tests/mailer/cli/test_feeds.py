"""Watched feeds, against a web server on loopback."""

import http.server
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailer import cli

RSS = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>Sample feed</title>
<item><title>A story about storage engines</title><link>https://example.com/1</link>
<guid>one</guid><description>Log-structured merge trees &lt;b&gt;explained&lt;/b&gt;.</description>
<pubDate>Mon, 02 Nov 2026 09:00:00 GMT</pubDate></item></channel></rss>"""


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/feed.xml":
            if self.headers.get("If-None-Match") == '"v1"':
                self.send_response(304)
                self.end_headers()
                return
            self.send_response(200)
            self.send_header("ETag", '"v1"')
            self.end_headers()
            self.wfile.write(RSS)
        elif self.path == "/late.xml":
            time.sleep(0.7)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(RSS)
        elif self.path == "/page.html":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>no feed</html>")
        elif self.path == "/site/":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(
                b'<html><head><base href="/"><link rel="alternate stylesheet" href="x.css">'
                b'<LINK href="feed.xml" type="application/rss+xml" rel="Alternate"></head></html>'
            )
        elif self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "file:///etc/passwd")
            self.end_headers()
        else:
            self.send_error(404)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{web.server_address[1]}"
        web.shutdown()


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEWSLETTER_HOME", str(tmp_path))
    monkeypatch.setenv("NEWSLETTER_FEEDS_PRIVATE", "true")
    assert cli.run(["init", "--no-settings"]) == 0


def fetched(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    status = cli.run(["feeds", "fetch", "--json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return status, found


def test_a_feed_is_brought_in_once(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["feeds", "add", f"{server}/feed.xml"]) == 0
    assert fetched(capsys)[1]["added"] == 1
    again = fetched(capsys)[1]  # the server says: not modified
    assert (again["read"], again["added"]) == (0, 0)


def test_the_feed_that_a_page_names_is_watched(
    server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["feeds", "add", f"{server}/site/"]) == 0
    assert f"{server}/feed.xml: watched" in capsys.readouterr().out
    assert fetched(capsys)[1]["added"] == 1
    assert cli.run(["feeds", "add", f"{server}/site/"]) == 1  # watched already


def test_a_page_that_was_watched_as_a_feed_says_where_its_feed_is(
    server: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as settings:
        settings.setenv("NEWSLETTER_FEEDS_PRIVATE", "false")  # so that it is not asked when added
        assert cli.run(["feeds", "add", f"{server}/site/"]) == 0
    status, found = fetched(capsys)
    assert status == 1
    assert f"the page there names {server}/feed.xml" in found["rejected"][0]["why"]


@pytest.mark.parametrize("path", ["/missing", "/away"])
def test_a_feed_that_fails_is_named_and_stops_no_other(
    server: str, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    for each in (path, "/feed.xml"):
        assert cli.run(["feeds", "add", f"{server}{each}"]) == 0
    status, found = fetched(capsys)
    assert (status, found["added"]) == (1, 1)
    assert [problem["file"] for problem in found["rejected"]] == [f"{server}{path}"]


def test_only_web_addresses_are_watched_and_each_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["feeds", "add", "file:///etc/passwd"]) == 1
    assert cli.run(["feeds", "add", "https://example.com/feed"]) == 0
    assert cli.run(["feeds", "add", "https://example.com/feed"]) == 1
    assert capsys.readouterr().err.count("error: ") == 2


def test_a_feed_on_a_private_address_is_fetched_only_where_that_is_allowed(
    server: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_FEEDS_PRIVATE", "false")
    assert cli.run(["feeds", "add", f"{server}/feed.xml"]) == 0
    status, found = fetched(capsys)
    assert (status, found["added"]) == (1, 0)
    assert "feeds_private = true" in found["rejected"][0]["why"]


def test_what_cannot_be_read_is_set_aside_and_named(
    server: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert cli.run(["feeds", "add", f"{server}/page.html"]) == 0
    assert cli.run(["feeds", "add", f"{server}/feed.xml"]) == 0
    status, found = fetched(capsys)
    assert (status, found["added"], found["set_aside"]) == (1, 1, 1)
    (kept,) = (tmp_path / "quarantine").glob("feed-*[!n]")
    assert kept.read_bytes() == b"<html>no feed</html>"
    assert f"kept in {kept}" in found["rejected"][0]["why"]


def test_a_topic_of_a_feed_is_offered_when_the_admin_says_so(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    item = b"<category>From Outside</category><title>A story"
    (tmp_path / "feed.xml").write_bytes(RSS.replace(b"<title>A story", item))

    def listed() -> list[bool]:
        capsys.readouterr()
        assert cli.run(["topics", "list", "--search", "from outside", "--json"]) == 0
        return [topic["offered"] for topic in json.loads(capsys.readouterr().out)["topics"]]

    assert cli.run(["articles", "import", "feed.xml"]) == 0
    assert listed() == [False]
    assert cli.run(["topics", "offer", "From Outside"]) == 0
    assert listed() == [True]
    assert cli.run(["topics", "hide", "From Outside"]) == 0
    assert listed() == [False]


def listed(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    capsys.readouterr()
    assert cli.run(["feeds", "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out.splitlines()[-1])["feeds"]
    return {row["url"].rpartition("/")[2]: row for row in rows}


def test_adding_a_feed_shows_its_first_titles_or_what_is_wrong(
    server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["feeds", "add", f"{server}/feed.xml"]) == 0
    assert "  A story about storage engines\n" in capsys.readouterr().out
    assert cli.run(["feeds", "add", f"{server}/missing"]) == 0
    assert "404" in capsys.readouterr().err
    assert cli.run(["feeds", "add", f"{server}/late.xml"]) == 0
    assert "  A story about storage engines\n" in capsys.readouterr().out


def test_how_a_feed_does_is_listed(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("feed.xml", "missing", "other"):
        assert cli.run(["feeds", "add", f"{server}/{name}"]) == 0
    assert cli.run(["feeds", "pause", f"{server}/other"]) == 0
    fetched(capsys)
    rows = listed(capsys)
    assert {name: row["state"] for name, row in rows.items()} == {
        "feed.xml": "well",
        "missing": "failing",
        "other": "paused",
    }
    assert rows["feed.xml"]["succeeded_at"] is not None
    assert (rows["missing"]["failures"], "404" in rows["missing"]["last_error"]) == (1, True)
    assert rows["other"]["fetched_at"] is None
    assert cli.run(["feeds", "list"]) == 0
    assert "404" in capsys.readouterr().out


def test_a_feed_can_be_resumed_and_removed(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"{server}/feed.xml"
    assert cli.run(["feeds", "add", url]) == 0
    assert cli.run(["feeds", "pause", url]) == 0
    assert fetched(capsys)[1]["read"] == 0
    assert cli.run(["feeds", "resume", url]) == 0
    assert fetched(capsys)[1]["added"] == 1
    assert cli.run(["feeds", "remove", url]) == 0
    assert listed(capsys) == {}
    capsys.readouterr()
    for verb in ("pause", "resume", "remove"):
        assert cli.run(["feeds", verb, url]) == 1
    assert capsys.readouterr().err.count("is not watched") == 3


OPML = """<?xml version="1.0"?><opml version="2.0"><head><title>Mine</title></head><body>
<outline text="Storage"><outline type="rss" text="One" xmlUrl="https://one.example.com/feed"/>
<outline type="rss" text="Two" xmlurl=" https://two.example.com/feed?a=1&amp;b=2 "/></outline>
<outline text="No feed" htmlUrl="https://example.com/"/>
<outline text="One again" xmlUrl="https://one.example.com/feed"/>
<outline text="Bad" xmlUrl="javascript:alert(1)"/></body></opml>"""


def test_feeds_come_from_and_go_to_other_readers(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    Path("mine.opml").write_text(OPML)
    for added, known in ((2, 0), (0, 2)):
        capsys.readouterr()
        assert cli.run(["feeds", "import", "mine.opml", "--json"]) == 1  # one is no web address
        found = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert (found["added"], found["unchanged"], len(found["rejected"])) == (added, known, 1)
    assert cli.run(["feeds", "export", "out.opml"]) == 0
    assert (tmp_path / "out.opml").stat().st_mode & 0o777 == 0o600
    from recommender.articles import opml

    urls = ["https://one.example.com/feed", "https://two.example.com/feed?a=1&b=2"]
    assert opml.read(Path("out.opml")) == urls


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no xml",
        "<rss/>",
        "<opml><body/></opml>",
        "<opml><outline xmlUrl='https://x.example'>",
        "<?xml version='1.0' encoding='nothing'?><opml/>",
        '<!DOCTYPE o [<!ENTITY a "aaaaaaaaaa">'
        + "".join(f'<!ENTITY a{n} "{f"&a{n - 1 or str()};" * 20}">' for n in range(1, 9))
        + "]><opml><x>&a8;</x></opml>",
        "<opml>" + "<outline>" * 200_000,
    ],
)
def test_what_is_no_list_of_feeds_is_one_line(
    capsys: pytest.CaptureFixture[str], text: str
) -> None:
    Path("mine.opml").write_text(text)
    assert cli.run(["feeds", "import", "mine.opml"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("error: mine.opml: ")
    assert len(err.splitlines()) == 1
