"""No regular expression of the product takes long on any text it can be given."""

import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import mailer
import recommender

SLOWEST = 0.2
"""Seconds."""
CAP = 10_000
"""Characters: a line of a brief, a header, a field; longer texts are cut before they are searched
(a page of a feed, which may be larger, goes to a parser)."""
SHORTER = {
    "recommender.articles.titles": 1_000,
    "mailer.issue.wording": 1_000,
    "mailer.relay.refusals": 1_000,
    "mailer.relay.slowdown": 1_000,
    "mailer.inbound.reply_grammar": 1_000,
}
"""Modules that see short texts only: titles and subjects of one line, sentences of a reply, a
server's words; all cut."""
PUMPS = (
    "a", "A", "1", " ", "\t", "\n", "-", ".", "_", "=", "#", "*", "<", ">", "<a", "<!--", "/", ":",
    "://", "@", "a@", "a.", ".a", "a ", " a", "a-", "\"", "\\", "(", "[", "](", "http://a", "A. ",
    "A b ", "1. ", "- ", ", ", "; ", "a, ", "a: ", "\r\n", "\u2028", "\u00e9", "&amp;", "&#", "%0d",
)  # fmt: skip
ENDS = "", "!", "\x00", "\n\n\nx", ">"


@dataclass(frozen=True)
class Used:
    """A pattern as its module uses it: looked for anywhere, or only at the beginning of a text."""

    pattern: re.Pattern[str] | re.Pattern[bytes]
    anywhere: bool
    most: int


def compiled() -> Iterator[tuple[str, Used]]:
    """Every pattern that a module of the product holds, alone or in a collection."""
    for package in (recommender, mailer):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if found.name.endswith("__main__"):
                continue
            module = importlib.import_module(found.name)
            source = Path(str(module.__file__)).read_text()
            for name, value in vars(module).items():
                values = value if isinstance(value, tuple | list) else [value]
                only_at_start = re.search(rf"\b{name}\.(full)?match\(", source) and not re.search(
                    rf"\b{name}\.(search|sub|subn|split|finditer|findall)\(", source
                )
                most = SHORTER.get(found.name, CAP)
                for one in values:
                    if isinstance(one, re.Pattern):
                        yield f"{found.name}.{name}", Used(one, not only_at_start, most)


PATTERNS = {f"{name} {used.pattern.pattern[:40]!r}": used for name, used in compiled()}


def slowest(used: Used) -> float:
    """The longest that the pattern takes on an attack, in seconds."""
    pattern, most = used.pattern, 0.0
    look = pattern.search if used.anywhere else pattern.fullmatch
    for pump in PUMPS:
        for end in ENDS:
            text = pump * (used.most // len(pump)) + end
            text = " ".join(text.split()) if used.most < CAP else text
            given = text.encode() if isinstance(pattern.pattern, bytes) else text
            began = time.process_time()
            look(given)  # type: ignore[arg-type]  # bytes for bytes
            most = max(most, time.process_time() - began)
            if most > SLOWEST:
                return most
    return most


def test_there_are_patterns_to_test() -> None:
    assert len(PATTERNS) > 60


@pytest.mark.slow
@pytest.mark.parametrize("name", PATTERNS)
def test_no_pattern_takes_long(name: str) -> None:
    if slowest(PATTERNS[name]) > SLOWEST:  # once more: the machine may have been busy
        assert slowest(PATTERNS[name]) <= SLOWEST
