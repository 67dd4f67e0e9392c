"""A template in fragments, each evaluated only once for the values it shows.

Most of an issue is the same in many copies: its frame in all, a card in those of all whom it
reaches. What a fragment (``cutting`` makes them) made of the fields it asks for is remembered under
their values. It knows nothing of languages or of mail.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import jinja2

ISSUE = "issue"
"""What templates call the issue."""
MOST_REMEMBERED = 5_000
"""Results that a fragment remembers before it starts anew; a card has some five thousand
characters, and few fragments show anything that differs between all readers."""

Piece = TypeVar("Piece")


class Setter(Protocol[Piece]):
    """What is done with everything that is drawn, before it is remembered."""

    def set(self, text: str) -> Piece:
        """The piece of a text."""

    def join(self, pieces: Sequence[Piece]) -> Piece:
        """One piece of several."""


class Pieces(Protocol[Piece]):
    """A template that can be filled."""

    def of(self, issue: object) -> list[Piece]:
        """What the template makes of an issue, in pieces. Raises jinja2.TemplateError."""


@dataclass(frozen=True, slots=True)
class WholeTemplate(Generic[Piece]):
    """A template that is evaluated for each copy."""

    template: jinja2.Template
    setter: Setter[Piece]

    def of(self, issue: object) -> list[Piece]:
        drawn = self.template.root_render_func(self.template.new_context({ISSUE: issue}))
        return [self.setter.set(text) for text in drawn]


@dataclass(frozen=True, slots=True)
class Fragment(Generic[Piece]):
    """A part of a template, and what it made of which values."""

    draw: Callable[..., Piece]
    key: Callable[..., object]
    made: dict[object, Piece] = field(default_factory=dict)

    def of(self, *shown: object) -> Piece:
        """What it makes of an issue, or of an issue and an item."""
        try:
            key = self.key(*shown)
            found = self.made.get(key)
        except (AttributeError, TypeError):  # Jinja says what is missing; a list may change
            return self.draw(*shown)
        if found is None:
            if len(self.made) >= MOST_REMEMBERED:
                self.made.clear()
            found = self.made[key] = self.draw(*shown)
        return found


@dataclass(frozen=True, slots=True)
class Loop(Generic[Piece]):
    """What is repeated for each item of a field of the issue: several fragments, remembered as one
    as well, under what they show of the issue and of the item, and once more under the item itself,
    by which it is found in half the time. Items never change."""

    items: str
    draw: Callable[[object, object], Piece]
    of_issue: Callable[[object], object]
    of_item: Callable[[object], object]
    made: dict[object, Piece] = field(default_factory=dict)
    of_items: dict[object, dict[object, Piece]] = field(default_factory=dict)

    def of(self, issue: object, items: Iterable[object]) -> list[Piece]:
        """What it makes of the items of an issue."""
        items = tuple(items)
        try:
            shown = self.of_issue(issue)
            known = self.of_items.setdefault(shown, {})
            pieces: list[Any] = list(map(known.get, items))
            if None in pieces:
                for place, item in enumerate(items):
                    if pieces[place] is None:
                        pieces[place] = known[item] = self._by_what_it_shows(issue, shown, item)
        except (AttributeError, TypeError):  # Jinja says what is missing; a list may change
            return [self.draw(issue, item) for item in items]
        if max(len(known), len(self.of_items)) > MOST_REMEMBERED:
            self.of_items.clear()
        return pieces

    def _by_what_it_shows(self, issue: object, shown: object, item: object) -> Piece:
        key = shown, self.of_item(item)
        found = self.made.get(key)
        if found is None:
            if len(self.made) >= MOST_REMEMBERED:
                self.made.clear()
            found = self.made[key] = self.draw(issue, item)
        return found


@dataclass(frozen=True, slots=True)
class FragmentedTemplate(Generic[Piece]):
    """A template in fragments."""

    environment: jinja2.Environment
    steps: tuple[Fragment[Piece] | Loop[Piece], ...]

    def of(self, issue: object) -> list[Piece]:
        pieces: list[Piece] = []
        for step in self.steps:
            if isinstance(step, Fragment):
                pieces.append(step.of(issue))
            elif hasattr(issue, step.items):
                pieces += step.of(issue, getattr(issue, step.items))
            else:  # Jinja says what is missing
                pieces += step.of(issue, self.environment.getattr(issue, step.items))
        return pieces


@dataclass(frozen=True, slots=True)
class CompiledRun:
    """Neighbours in a template as a function of the issue, or of the issue and an item."""

    draw: Callable[..., str]
    key: Callable[..., object]


@dataclass(frozen=True, slots=True)
class CompiledLoop:
    """The runs that are repeated for each item of a field of the issue."""

    items: str
    of_issue: Callable[[object], object]
    of_item: Callable[[object], object]
    runs: tuple[CompiledRun, ...]


@dataclass(frozen=True, slots=True)
class CompiledTemplate:
    """A template as it is before anything is remembered of it; without ``steps`` it could not be
    cut."""

    environment: jinja2.Environment
    whole: jinja2.Template
    steps: tuple[CompiledRun | CompiledLoop, ...]

    def remembering(self, setter: Setter[Piece]) -> Pieces[Piece]:
        """The template, whose results are set by ``setter`` and remembered."""
        if not self.steps:
            return WholeTemplate(self.whole, setter)

        def fragment(run: CompiledRun) -> Fragment[Piece]:
            return Fragment(_set(run.draw, setter), run.key)

        return FragmentedTemplate(
            self.environment,
            tuple(
                fragment(step)
                if isinstance(step, CompiledRun)
                else Loop(
                    step.items,
                    _joined([fragment(run) for run in step.runs], setter),
                    step.of_issue,
                    step.of_item,
                )
                for step in self.steps
            ),
        )


def _set(draw: Callable[..., str], setter: Setter[Piece]) -> Callable[..., Piece]:
    return lambda *shown: setter.set(draw(*shown))


def _joined(fragments: Sequence[Fragment[Piece]], setter: Setter[Piece]) -> Callable[..., Piece]:
    return lambda *shown: setter.join([fragment.of(*shown) for fragment in fragments])
