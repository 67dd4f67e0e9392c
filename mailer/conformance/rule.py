"""What a rule is: a name that says where it comes from, how much it matters, and how to look."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from mailer.mime.parsing import ParsedMessage

Level = Literal["must", "should"]


@dataclass(frozen=True)
class Rule:
    """``look`` yields a few words for each thing that is wrong."""

    name: str
    level: Level
    look: Callable[[ParsedMessage], Iterator[str]]


def related(domain: str, other: str) -> bool:
    """Whether one of two domains is the other, or stands below it.

    A stand-in for "same organizational domain" (RFC 7489 section 3.2) that needs no list of public
    suffixes: it never calls strangers related unless one of them is itself such a suffix.
    """
    first, second = domain.lower().rstrip("."), other.lower().rstrip(".")
    if "." not in first or "." not in second:
        return False
    return first == second or first.endswith(f".{second}") or second.endswith(f".{first}")
