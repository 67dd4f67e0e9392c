"""No regular expression of the product takes long on any text it can be given."""

import importlib
import pkgutil
import re
import time
from collections.abc import Iterator

import pytest

import mailer
import recommender

SLOWEST = 0.2
"""Seconds."""
CAP = 20_000
"""Characters: a line of a brief, a header, a field; longer texts are cut before they are searched
(a page of a feed, which may be larger, goes to a parser)."""
PUMPS = (
    "a", "A", "1", " ", "\t", "\n", "-", ".", "_", "=", "#", "*", "<", ">", "<a", "<!--", "/", ":",
    "://", "@", "a@", "a.", ".a", "a ", " a", "a-", "\"", "\\", "(", "[", "](", "http://a", "A. ",
    "A b ", "1. ", "- ", ", ", "; ", "a, ", "a: ", "\r\n", "\u2028", "\u00e9", "&amp;", "&#", "%0d",
)  # fmt: skip
ENDS = "", "!", "\x00", "\n\n\nx", ">"


def compiled() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Every pattern that a module of the product holds, alone or in a collection."""
    for package in (recommender, mailer):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if found.name.endswith("__main__"):
                continue
            module = importlib.import_module(found.name)
            for name, value in vars(module).items():
                values = value if isinstance(value, tuple | list) else [value]
                values = list(value.values()) if isinstance(value, dict) else values
                for one in values:
                    if isinstance(one, re.Pattern):
                        yield f"{found.name}.{name}", one


PATTERNS = {f"{name} {pattern.pattern[:40]!r}": pattern for name, pattern in compiled()}


def slowest(pattern: re.Pattern[str] | re.Pattern[bytes], size: int) -> float:
    """The longest that the pattern takes on an attack of that size, in seconds."""
    most = 0.0
    for pump in PUMPS:
        for end in ENDS:
            text = pump * (size // len(pump)) + end
            given = text.encode() if isinstance(pattern.pattern, bytes) else text
            began = time.perf_counter()
            pattern.search(given)  # type: ignore[arg-type]  # bytes for bytes
            most = max(most, time.perf_counter() - began)
            if most > SLOWEST:
                return most
    return most


def test_there_are_patterns_to_test() -> None:
    assert len(PATTERNS) > 60


@pytest.mark.slow
@pytest.mark.parametrize("name", PATTERNS)
def test_no_pattern_takes_long(name: str) -> None:
    pattern = PATTERNS[name]
    if slowest(pattern, CAP // 20) > SLOWEST / 4 or slowest(pattern, CAP) > SLOWEST:
        assert min(slowest(pattern, CAP) for _ in range(2)) <= SLOWEST  # not for a busy machine
