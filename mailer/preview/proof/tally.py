"""What a proof counts: of a run of readers in one process, added up to that of all. Values only."""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

MOST_NAMED = 200
"""Readers without an issue who are named."""
MOST_EXAMPLES = 4
"""Readers of a group that are kept to show one of them."""
MOST_BYTES = 102_400
"""Bytes of HTML beyond which Gmail clips a message."""
TOO_LARGE = "Gmail: HTML is not clipped"
"""The rule of ``mailer.conformance`` that is asked of every copy here, not only of a sample."""
Severity = Literal["error", "warning"]


class Example(msgspec.Struct):
    """A copy to look at, as its row of the ledger would be; ``picks`` and ``reader`` are JSON."""

    email: str
    name: str
    picks: str
    reader: str


class Broken(msgspec.Struct):
    """A rule that ``messages`` copies break, with what was found in one of them."""

    rule: str
    severity: Severity
    what: str
    messages: int = 0


class Tally(msgspec.Struct):
    """Counts of readers by the stories they get, by why they get none, by group
    (``segment:NAME``, ``role:NAME``) and by the number of their stories. ``checked`` copies were
    held against the rules; ``largest`` is in bytes of HTML."""

    readers: int = 0
    with_issue: int = 0
    without: dict[str, int] = {}
    nobody: list[tuple[str, str]] = []
    stories: dict[str, int] = {}
    groups: dict[str, int] = {}
    lengths: dict[str, int] = {}
    examples: dict[str, list[Example]] = {}
    broken: dict[str, Broken] = {}
    checked: int = 0
    largest: int = 0

    def add(self, other: "Tally") -> None:
        """Take in what another part of the readers gave."""
        self.readers += other.readers
        self.with_issue += other.with_issue
        self.checked += other.checked
        self.largest = max(self.largest, other.largest)
        self.nobody = [*self.nobody, *other.nobody][:MOST_NAMED]
        for group, theirs in other.examples.items():
            self.examples[group] = [*self.examples.get(group, ()), *theirs][:MOST_EXAMPLES]
        for mine, numbers in (
            (self.without, other.without),
            (self.stories, other.stories),
            (self.groups, other.groups),
            (self.lengths, other.lengths),
        ):
            for key, number in numbers.items():
                mine[key] = mine.get(key, 0) + number
        for one in other.broken.values():
            self.breaks(one.rule, one.severity, one.what, one.messages)

    def leave_out(self, email: str, reason: str) -> None:
        """A reader who gets no issue."""
        self.readers += 1
        self.without[reason] = self.without.get(reason, 0) + 1
        if len(self.nobody) < MOST_NAMED:
            self.nobody.append((email, reason))

    def take(self, example: Example, stories: Iterable[int], groups: Iterable[str]) -> None:
        """A reader who gets these stories."""
        self.readers += 1
        self.with_issue += 1
        length = 0
        for story in stories:
            length += 1
            _count(self.stories, str(story))
        _count(self.lengths, str(length))
        for group in groups:
            _count(self.groups, group)
            examples = self.examples.setdefault(group, [])
            if len(examples) < MOST_EXAMPLES:
                examples.append(example)

    def measure(self, size: int) -> None:
        """The HTML of a copy has ``size`` bytes."""
        self.largest = max(self.largest, size)
        if size > MOST_BYTES:
            self.breaks(TOO_LARGE, "error", f"the HTML has {size:,} bytes")

    def breaks(self, rule: str, severity: Severity, what: str, messages: int = 1) -> None:
        """So many copies break a rule."""
        one = self.broken.setdefault(f"{severity}:{rule}", Broken(rule, severity, what))
        one.messages += messages


def _count(counts: dict[str, int], key: str) -> None:
    counts[key] = counts.get(key, 0) + 1


def ordered(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """The most frequent first, ties by name."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
