"""What strangers may send to each parser: made up by a grammar, by damage to what is valid, and by
shapes that repeat one thing as often as it fits.

Run as a program it works on one parser under limits of processor and memory, as a child of
``test_parsers``: ``parsing.py NAME generated SECONDS SEED`` or ``parsing.py NAME shapes``. Another
parser is one more line of ``PARSERS``.
"""

import json
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from html import escape
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender import segments
from recommender.articles import import_files
from recommender.errors import NewsletterError
from recommender.models import Base, Subscriber
from recommender.subscribers import files

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
MEMORY = 768 * 1024 * 1024
"""Bytes beyond what the process has before it reads anything."""
LONGEST = 5.0
"""Seconds of the processor for one generated input; all are below 300 kB."""
MEASURABLE = 0.1
"""Seconds below which a time says nothing."""
LINEAR = 5.0
"""Times as long for four times as much that are as good as linear."""
Make = Callable[[random.Random], bytes]
Shape = Callable[[int], bytes]


@dataclass(frozen=True)
class Parser:
    """``read`` takes any bytes and raises nothing but NewsletterError; ``make`` makes up inputs;
    ``shapes`` make one of about so many bytes."""

    read: Callable[[bytes], object]
    make: Make
    shapes: Mapping[str, Shape] = field(default_factory=dict)


WORDS = ("storage", "TPU", "the", "Agents", "of", "Öl", "日本", "e.g.", "10%", "a")
UNITS = ("<!--", "<a ", "<b>", "</", "&", "&#", "<![CDATA[", "]]>", "<?", "<!", '"', "'", " ", "\n",
         "a", "1", ". ", "A, ", ": ", "(", "{", "[", "**", "é", "e\u0301", "<a x='", "=", "\\", "@",
         ",", ";", "'=", "- ", "# ", "not ", "and ")  # fmt: skip
DICTIONARY = (
    *(unit.encode() for unit in UNITS),
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\x1b]0;x\x07", b"9" * 400, b"&lol;", b"<item>",
    b"</item>", b"<!DOCTYPE x [", b"<!ENTITY x 'y'>", b'{"a":', b"[[[[", b"1e999", b"\\ud800",
    b"NaN", b"Summary\n", b"Topics\n", b"email,name\n", b'"\n', b'""', b"\x85", b"\xe2\x80\xae",
)  # fmt: skip


def words(chance: random.Random, most: int = 12) -> str:
    return " ".join(chance.choice(WORDS) for _ in range(chance.randint(0, most)))


def damaged(chance: random.Random, data: bytes) -> bytes:
    """``data`` with a few cuts, repeats and foreign words in it."""
    for _ in range(chance.choice((0, 1, 1, 2, 4, 8))):
        at, end = sorted(chance.randint(0, len(data)) for _ in range(2))
        piece, word = data[at : min(end, at + 2_000)], chance.choice(DICTIONARY)
        match chance.randrange(6):
            case 0:
                data = data[:at] + data[end:]
            case 1:
                data = data[:at] + piece * chance.choice((2, 3, 30)) + data[at:]
            case 2:
                data = data[:at] + word + data[at:]
            case 3:
                data = data[:at] + word * chance.choice((10, 300, 5_000)) + data[at:]
            case 4:
                data = data[:at] + bytes(chance.randrange(256) for _ in range(4)) + data[at + 4 :]
            case _:
                data = data[:end]
    return data[:300_000]


def feed(chance: random.Random) -> bytes:
    """RSS, Atom or a JSON feed, more or less."""
    names = ("title", "link", "guid", "id", "description", "content", "category", "pubDate",
             "updated", "author", "enclosure", "content:encoded", "media:content", "x")  # fmt: skip
    kind = chance.choice(("rss", "feed", "rdf:RDF", "json", "x"))
    if kind == "json":
        items = [{"id": words(chance), "title": words(chance), "content_html": words(chance, 50),
                  "tags": [words(chance, 2)] * chance.randint(0, 90)}
                 for _ in range(chance.randint(0, 4))]  # fmt: skip
        version = "https://jsonfeed.org/version/1.1"
        return json.dumps({"version": version, "title": "J", "items": items}).encode()
    parts = []
    for _ in range(chance.randint(0, 5)):
        parts.append(f"<{'entry' if kind == 'feed' else 'item'}>")
        for _ in range(chance.randint(0, 8)):
            name = chance.choice(names)
            text = words(chance, 30) + chance.choice(
                ("", "<p>x</p>", "<script>", "<!-- x", "&amp;")
            )
            text = chance.choice((escape(text), f"<![CDATA[{text}]]>", text))
            parts.append(
                f"<{name} type='{chance.choice(('html', 'xhtml', 'x/y'))}'>{text}</{name}>"
            )
        parts.append(f"</{'entry' if kind == 'feed' else 'item'}>")
    encoding = chance.choice(("utf-8", "utf-16", "latin-1", "punycode", "zip", "utf-7", "x"))
    head = f"<?xml version='1.0' encoding='{encoding}'?>" if chance.random() < 0.6 else ""
    text = (
        f"{head}<{kind} version='2.0'><channel><title>T</title>{''.join(parts)}</channel></{kind}>"
    )
    return text.encode(chance.choice(("utf-8", "utf-16", "utf-8")), "replace")


def brief(chance: random.Random) -> bytes:
    headings = ("Summary", "Key takeaway", "Key insights", "Principles", "In practice", "Topics",
                "Code references", "Best for", "Related", "## Other", "Published: 2026-11-01",
                "Editorial summary by A. Editor", "---")  # fmt: skip
    lines = [", ".join(words(chance, 3).title() for _ in range(chance.randint(0, 6)))]
    for _ in range(chance.randint(0, 9)):
        lines.append(chance.choice(headings))
        bullet = chance.choice(("- ", "* ", "1. ", "", "> "))
        lines += [bullet + words(chance, 40) for _ in range(chance.randint(0, 6))]
    return "\n".join(lines).encode()


def rows(chance: random.Random) -> bytes:
    def cell() -> str:
        text = words(chance, 4) + chance.choice(("", "", ",", "\n", '"', "=1", "a@example.com"))
        return '"' + text.replace('"', '""') + '"' if chance.random() < 0.7 else text

    header = ["email", "name", *chance.sample(("roles", "topics", "status", "attributes"), 2)]
    lines = [",".join(header)]
    for number in range(chance.randint(0, 30)):
        lines.append(",".join([f"r{number}@example.com", *(cell() for _ in header[1:])]))
    return chance.choice(("\n", "\r\n")).join(lines).encode()


def objects(chance: random.Random) -> bytes:
    """Lines of articles.jsonl or subscribers.jsonl: a parser of one meets the other, too."""

    def value(deep: int) -> object:
        kinds: list[object] = [None, True, 7, -1.5, 10**30, words(chance), "2026-11-01", ""]
        if deep:
            kinds += [
                [value(deep - 1)] * chance.randint(0, 60),
                {words(chance, 2): value(deep - 1)},
            ]
        return chance.choice(kinds)

    lines = []
    for number in range(chance.randint(0, 8)):
        line: dict[str, object] = {
            "id": f"a{number}",
            "title": words(chance),
            "summary": words(chance),
        }
        line["email"] = f"r{number}@example.com"
        for name in ("topics", "roles", "stories", "published_at", "attributes", "url", "status"):
            if chance.random() < 0.3:
                line[name] = value(3)
        lines.append(json.dumps(line, ensure_ascii=chance.random() < 0.5))
    return "\n".join(lines).encode()


def rule(chance: random.Random, deep: int = 6) -> str:
    if deep and chance.random() < 0.7:
        inner = [rule(chance, deep - 1) for _ in range(chance.randint(1, 3))]
        joined = chance.choice((" and ", " or ")).join(inner)
        return chance.choice((joined, f"({joined})", f"not {inner[0]}", f"not ({joined})"))
    return chance.choice((
        "all", 'role = "CTO"', 'role in ("CTO", "x")', "role is none", 'topic("AI") >= 2',
        'topic in ("AI")', 'attribute("a.b") = 1', 'attribute("a") in (1, "x", true)',
        "status = active",
        'email ends with "@example.com"', "created > 2026-01-01", "clicked within 30 days",
        "received < 3", 'segment("x")', 'attribute("a") is none', "active within 999999 days",
    ))  # fmt: skip


@cache
def _store() -> sa.Engine:
    engine = sa.create_engine("sqlite://")
    Base.metadata.create_all(engine)
    return engine


def _select(data: bytes) -> None:
    with Session(_store()) as session:
        condition = segments.compile_rule(session, data.decode("utf-8", "replace"), NOW)
        session.scalar(sa.select(sa.func.count()).select_from(Subscriber).where(condition))


def _from_file(suffix: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    def reading(data: bytes) -> object:
        path = Path(tempfile.gettempdir()) / f"input{suffix}"
        path.write_bytes(data)
        return read(path)

    return reading


def _articles(suffix: str) -> Callable[[bytes], object]:
    return _from_file(suffix, lambda path: list(import_files.drafts([path], NOW)))


def _readers(suffix: str) -> Callable[[bytes], object]:
    return _from_file(suffix, lambda path: list(files.read(path)))


def repeated(frame: str, unit: str, *, quoted: bool = False) -> Shape:
    """``frame`` with ``unit`` in it, as often as fits."""

    def shape(size: int) -> bytes:
        text = unit * (size // len(unit.encode()))
        return frame.replace("%", escape(text, quote=False) if quoted else text).encode()

    return shape


def _numbered(frame: str, unit: str) -> Shape:
    def shape(size: int) -> bytes:
        return frame.replace(
            "%", "".join(unit.replace("#", f"{n}") for n in range(size // len(unit)))
        ).encode()

    return shape


RSS = "<?xml version='1.0'?><rss><channel><item><title>T</title>%</item></channel></rss>"
ATOM = "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id><title>t</title>%</entry></feed>"
FEEDS = {
    "text": "<description>%</description>", "html": "<description>%</description>",
    "cdata": "<description><![CDATA[%]]></description>", "author": "<author>%</author>",
    "date": "<pubDate>%</pubDate>", "link": "<link>%</link>", "open": "<description>%",
}  # fmt: skip
BRIEF = "One Thing, Another Thing, Third Thing\nSummary\n%\nTopics\n- A\n"


def _feed_shapes() -> Iterator[tuple[str, Shape]]:
    for name, frame in FEEDS.items():
        for unit in UNITS[: 20 if name in ("text", "html", "cdata") else 5]:
            yield f"{name} {unit!r}", repeated(RSS.replace("%", frame), unit, quoted=name == "html")
    for unit in UNITS:
        yield (
            f"before {unit!r}",
            repeated("<?xml version='1.0'?>%" + RSS[21:].replace("%", ""), unit),
        )
    yield "author words", repeated(RSS.replace("%", "<author>%</author>"), "a")
    yield "attributes", _numbered(RSS.replace("%", "<a %/>"), 'x#="1" ')
    yield "one attribute", _numbered(RSS.replace("%", "<a %/>"), "x=1 ")
    yield "categories", _numbered(RSS, "<category>c#</category>")
    yield "entries", _numbered(RSS.replace("%", "</item>%<item>"), "<item><guid>#</guid></item>")
    yield "namespaces", _numbered(RSS, "<x xmlns='u:#'/>")
    yield "entities", _numbered("<!DOCTYPE r [%]>" + RSS[21:], "<!ENTITY e# 'x'>\n")
    yield "deep", lambda n: RSS.replace("%", "<x>" * (n // 7) + "</x>" * (n // 7)).encode()
    yield "nested items", repeated(RSS, "<item>")
    yield "base64", repeated(ATOM.replace("%", "<content type='x/y'>%</content>"), "QUFB\n")
    yield "xhtml", repeated(ATOM.replace("%", "<content type='xhtml'>%</content>"), "<b>x</b>")
    yield "json deep", repeated('{"version":"https://jsonfeed.org/version/1","items":[%', "[")
    yield "json tags", repeated('{"version":"https://jsonfeed.org/version/1","items":[{"title":"x",'
                                '"tags":[%"a"]}]}', '"a",')  # fmt: skip
    yield "utf-16", lambda n: RSS.replace("%", "\n" * (n // 2)).encode("utf-16")


def _shapes(frames: Mapping[str, str]) -> dict[str, Shape]:
    return {
        f"{name} {unit!r}": repeated(frame, unit)
        for name, frame in frames.items()
        for unit in UNITS
    }


BRIEFS = {
    "title": "%\nSummary\nx",
    "summary": BRIEF,
    "topics": "T\nTopics\n%\n",
    "list": BRIEF.replace("%", "- %"),
}

PARSERS: dict[str, Parser] = {
    "feeds": Parser(
        lambda data: import_files.feed(data, "http://a.example.com/", NOW),
        feed,
        dict(_feed_shapes()),
    ),
    "briefs": Parser(_articles(".txt"), brief, _shapes(BRIEFS)),
    "articles.jsonl": Parser(
        _articles(".jsonl"),
        objects,
        _shapes({"": "%", "title": '{"id":"a","title":"T","body":"%"}'}),
    ),
    "articles.json": Parser(
        _articles(".json"), objects, _shapes({"list": "[%]", "articles": '{"articles":[%]}'})
    ),
    "subscribers.csv": Parser(
        _readers(".csv"), rows, _shapes({"cell": 'email,name\na@b.org,"%"\n', "": "email,name\n%"})
    ),
    "subscribers.jsonl": Parser(
        _readers(".jsonl"), objects, _shapes({"": "%", "name": '{"email":"a@b.org","name":"%"}'})
    ),
    "rules": Parser(
        _select, lambda chance: rule(chance).encode(), _shapes({"": "%all", "or": "all or %"})
    ),
}
"""What reads strangers' input, by name."""


def generated(parser: Parser, seconds: float, seed: int) -> dict[str, object]:
    """Read made-up inputs for so long; how many, how many were refused, and the slowest."""
    end, number, refused, slowest = time.monotonic() + seconds, 0, 0, 0.0
    while time.monotonic() < end:
        chance = random.Random(f"{seed}:{number}")
        data = damaged(chance, parser.make(chance))
        signal.setitimer(signal.ITIMER_PROF, LONGEST)
        began = time.process_time()
        try:
            parser.read(data)
        except NewsletterError:
            refused += 1
        except BaseException:  # noqa: BLE001  (this is what it looks for)
            sys.stderr.write(f"input {seed}:{number}: {data[:300]!r}\n{traceback.format_exc()}")
            sys.exit(1)
        signal.setitimer(signal.ITIMER_PROF, 0)
        slowest = max(slowest, time.process_time() - began)
        number += 1
    return {"inputs": number, "refused": refused, "slowest": round(slowest, 3)}


def times(parser: Parser, shape: Shape) -> tuple[int, float, float]:
    """A size, the seconds it takes and those that four times as much takes: of a few sizes the
    first at which that is enough to be measured."""
    size, once, more = 0, 0.0, 0.0
    for size in (4_096, 65_536):
        more = _seconds(parser, shape(4 * size))
        if more > MEASURABLE:
            once = _seconds(parser, shape(size))
            if more > LINEAR * once:  # it may be chance: measured once more
                more = min(more, _seconds(parser, shape(4 * size)))
                once = min(once, _seconds(parser, shape(size)))
            break
    return size, once, more


def _seconds(parser: Parser, data: bytes) -> float:
    began = time.process_time()
    with suppress(NewsletterError):
        parser.read(data)
    return time.process_time() - began


def _limit(seconds: float) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))


def main() -> None:
    name, what, *more = sys.argv[1:]
    parser = PARSERS[name]
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder
        if what == "generated":
            signal.signal(signal.SIGPROF, signal.default_int_handler)
            _limit(2 * float(more[0]) + 60)
            found = generated(parser, float(more[0]), int(more[1]))
        else:
            _limit(600)
            found = {key: times(parser, shape) for key, shape in parser.shapes.items()}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
