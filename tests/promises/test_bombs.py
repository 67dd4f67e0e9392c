"""Files made to burst whoever opens them: each is read or refused in bounded time, and nothing of
the machine gets into the store."""

import contextlib
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from recommender import segments
from recommender.articles import import_files
from recommender.articles.values import ParsedArticle
from recommender.errors import NewsletterError
from recommender.storage import database
from recommender.subscribers import files

SECONDS = 10.0
LOL = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
XML = {
    "ten to the ninth": f'<!DOCTYPE r [<!ENTITY l0 "lol">{LOL}]><rss><channel><item><title>&l9;',
    "one large, often": f'<!DOCTYPE r [<!ENTITY a "{"x" * 50_000}">]><rss><channel><item><title>'
    + "&a;" * 5_000,
    "a file": '<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd">]><rss><channel><item><title>&f;',
    "a parameter": '<!DOCTYPE r [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]><rss><channel>'
    "<item><title>x",
    "deep": "<rss><channel>" + "<item>" * 20_000,
}
TAIL = "</title><link>https://example.org/a</link></item></channel></rss>"


def articles(path: Path, now: datetime) -> str:
    found = list(import_files.drafts([path], now))
    return " ".join(str(one) for one in found if isinstance(one, ParsedArticle))


def bounded(work: Callable[[], object]) -> None:
    began = time.process_time()
    with contextlib.suppress(NewsletterError):
        work()
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize("text", XML.values(), ids=XML.keys())
def test_entities_and_depth_of_a_feed(tmp_path: Path, now: datetime, text: str) -> None:
    path = tmp_path / "feed.xml"
    path.write_text(f'<?xml version="1.0"?>{text}{TAIL}')
    kept: list[str] = []
    bounded(lambda: kept.append(articles(path, now)))
    assert "root:" not in "".join(kept)
    assert len("".join(kept)) < 1_000_000


BOMBS: dict[str, bytes] = {
    "deep.jsonl": b"[" * 200_000,
    "objects.jsonl": b'{"a":' * 100_000,
    "number.jsonl": b'{"id": ' + b"9" * 200_000 + b"}",
    "exponent.jsonl": b'{"id": "a", "title": "t", "published_at": 1e999999999}',
    "zeros.jsonl": b"\0" * 3_000_000,
    "line.jsonl": b'{"title": "' + b"x" * 5_000_000,
    "surrogates.jsonl": b'{"id": "\\ud800", "title": "\\udfff"}',
    "deep.json": b'{"articles": ' + b"[" * 100_000,
    "zeros.txt": b"\0" * 3_000_000,
    "spaces.txt": b" " * 3_000_000,
    "bullets.txt": b"Title\n\nKey insights\n" + b"- \n" * 300_000,
    "headings.txt": b"Summary\n" * 100_000,
    "utf16.txt": b"\xff\xfe" + b"\0\xd8" * 300_000,
    "word.txt": b"x" * 3_000_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_files_of_articles(tmp_path: Path, now: datetime, name: str) -> None:
    (tmp_path / name).write_bytes(BOMBS[name])
    bounded(lambda: articles(tmp_path / name, now))


READERS: dict[str, bytes] = {
    "columns.csv": b"email" + b",x" * 100_000 + b"\na@example.com\n",
    "commas.csv": b"email\n" + b"," * 500_000,
    "topics.csv": b"email,topics\na@example.com," + b"t;" * 200_000,
    "zeros.csv": b"email\n" + b"\0" * 500_000,
    "deep.jsonl": b'{"email":"a@example.com","attributes":' + b'{"a":' * 50_000,
    "number.jsonl": b'{"email": ' + b"9" * 200_000 + b"}",
    "address.csv": b"email\n" + b"a." * 100_000 + b"@example.com\n",
    "domain.csv": b"email\na@" + b"b." * 100_000 + b"com\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_files_of_readers(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(READERS[name])
    bounded(lambda: list(files.read(tmp_path / name)))


RULES = (
    "(" * 50_000, "not (" * 5_000, "topic = 'a' and " * 20_000, "topic = '" + "a" * 1_000_000,
    "topic in (" + "'a'," * 100_000 + ")", "%" * 100_000, "attributes." * 50_000,
)  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule[:12])
def test_rules_of_segments(sqlite_store: Engine, now: datetime, rule: str) -> None:
    with database.reading(sqlite_store) as session:
        bounded(lambda: segments.compile_rule(session, rule, now))
