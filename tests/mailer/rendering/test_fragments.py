"""What a template shows again is not made again."""

from dataclasses import dataclass

import jinja2
import pytest

from mailer.rendering import cutting, fragments
from mailer.rendering.fragments import FragmentedTemplate as Cut
from tests.mailer.rendered import AsText


@dataclass(frozen=True)
class Card:
    face: str
    why: str = ""


@dataclass(frozen=True)
class Issue:
    title: str
    intro: str
    cards: tuple[Card, ...]
    lines: tuple[str, ...] = ("one", "two")


ISSUES = (
    Issue("T", "For Mina", (Card("<a>", "why"), Card("b"))),
    Issue("T", "For Omar", (Card("b"), Card("<a>", "why"), Card("<a>"))),
    Issue("T", "For Omar", ()),
    Issue("U", "", (Card("b", "<b>"),), ()),
)


def environment() -> jinja2.Environment:
    return jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)


def cut(source: str) -> fragments.Pieces[str]:
    made = environment()
    return cutting.cut(made, made.parse(source)).remembering(AsText())


def test_what_is_shown_again_is_not_made_again() -> None:

    pieces = cut("a {{ issue.intro }} b {% for card in issue.cards %}{{ card.face }}{% endfor %}")
    first = list(pieces.of(ISSUES[0]))
    second = list(pieces.of(ISSUES[1]))
    assert first[-2] is second[-1]  # the card <a>
    assert first[-1] is second[-3]  # the card b


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fragments, "MOST_REMEMBERED", 3)
    pieces = cut("{{ issue.intro }}")
    for number in range(10):
        issue = Issue("T", f"{number}", ())
        assert list(pieces.of(issue)) == [f"{number}"]
    assert isinstance(pieces, Cut)
    assert all(len(step.made) <= 3 for step in pieces.steps if isinstance(step, fragments.Fragment))


def test_memory_of_what_loops_show_of_each_issue_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fragments, "MOST_REMEMBERED", 3)
    pieces = cut("{% for card in issue.cards %}{{ issue.intro }}{{ card.face }}{% endfor %}")
    for number in range(10):
        issue = Issue("T", f"{number}", ISSUES[0].cards)
        assert "".join(pieces.of(issue)).startswith(f"{number}")
    assert isinstance(pieces, Cut)
    loops = [step for step in pieces.steps if isinstance(step, fragments.Loop)]
    assert loops
    assert all(len(loop.of_items) <= 3 for loop in loops)


@pytest.mark.parametrize(
    "source",
    [
        "{{ issue.titel }}",
        "{% for card in issue.titel %}{{ card.face }}{% endfor %}",
        "{% for card in issue.cards %}{{ card.titel }}{% endfor %}",
        "{% for card in issue.cards %}{{ card.face }}{{ issue.titel }}{% endfor %}",
    ],
)
def test_a_field_that_is_not_there_is_an_error(source: str) -> None:
    with pytest.raises(jinja2.UndefinedError, match="titel"):
        list(cut(source).of(ISSUES[0]))
