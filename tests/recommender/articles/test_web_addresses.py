"""Only http and https addresses come in with an article, whatever it is read from."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer import cli
from recommender.models import Article
from recommender.storage import database

GOOD = "https://example.org/x"
REFUSED = [
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "ftp://example.org/x",
    "mailto:a@example.org",
    "blob:https://example.org/x",
    "//example.org/x",
    "https://",
]
RESOLVED = {"//example.org/x": GOOD, "https://": "https://f.example.org"}
"""What a feed's own address makes of them: a link in a feed may be relative."""


def brief(url: str) -> str:
    return f"A title\nURL: {url}\nSummary\nSome words.\n"


def line(url: str) -> str:
    return json.dumps({"id": "x", "title": "A title", "summary": "Some words.", "url": url})


def feed(url: str) -> str:
    return (
        '<rss version="2.0"><channel><title>F</title><link>https://f.example.org</link><item>'
        f"<title>A title</title><link>{url}</link><description>Some words.</description>"
        "</item></channel></rss>"
    )


@pytest.mark.parametrize("url", [GOOD, *REFUSED])
@pytest.mark.parametrize(
    ("name", "written"), [("a.txt", brief), ("a.jsonl", line), ("a.xml", feed)]
)
def test_javascript_and_other_addresses_that_are_not_http_are_refused_at_import(
    sqlite_store: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str,
    written: object, url: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEWSLETTER_HOME", str(tmp_path))
    assert callable(written)
    (tmp_path / name).write_text(written(url))
    cli.run(["articles", "import", name])
    with database.reading(sqlite_store) as session:
        kept = [one for one in session.scalars(sa.select(Article.url)) if one is not None]
    wanted = RESOLVED.get(url) if written is feed else None
    wanted = GOOD if url == GOOD else wanted
    assert kept == ([] if wanted is None else [wanted])
