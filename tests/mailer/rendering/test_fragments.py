"""What a template yields in fragments is what Jinja makes of it as a whole."""

from dataclasses import dataclass

import jinja2
import pytest

from mailer.rendering import fragments
from mailer.rendering.fragments import FragmentedTemplate as Cut
from mailer.rendering.fragments import WholeTemplate
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
MACRO = "{% macro shown(face, mark) %}{{ mark }}{{ face }}{% endmacro %}"


def environment() -> jinja2.Environment:
    return jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)


def cut(source: str) -> fragments.Pieces[str]:
    made = environment()
    return fragments.cut(made, made.parse(source), AsText())


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("<p>{{ issue.intro }}</p>{{ issue.title }} {{ issue.title|upper }}", Cut),
        (MACRO + "{% for card in issue.cards %}{{ shown(card.face, '-') }}, {% endfor %}.", Cut),
        (
            "{% for c in issue.cards %}{{ c.face }}{{ c.why }}{{ issue.title }}"
            "{% if c.why %}!{% else %}?{% endif %}{% endfor %}",
            Cut,
        ),
        ("{% for card in issue.cards %}{{ loop.index }}{{ card.face }}{% endfor %}", Cut),
        ("{% for card in issue.cards %}{{ card.face }}{% else %}none{% endfor %}", Cut),
        ("{% for line in issue.lines %}{{ line }}{{ loop.last }}{% endfor %}", Cut),
        ("{% for c in issue.cards if c.why %}{{ c.why }}{% endfor %}{{ issue.title }}", Cut),
        ("{{ issue.title.lower() }}{{ issue.intro.replace('Mina', issue.title) }}", Cut),
        ("{% for c in issue.cards %}{% for c in 'ab' %}{{ c }}{% endfor %}{% endfor %}", Cut),
        ("{% set x = issue.intro %}{{ issue.title }}{{ x }}", WholeTemplate),
        ("{% if issue.title %}{% set x = 1 %}{% endif %}{{ x }}", WholeTemplate),
        ("{% block a %}{{ issue.intro }}{% endblock %}", WholeTemplate),
        ("{% macro m() %}{{ issue.intro }}{% endmacro %}{{ m() }}", WholeTemplate),
        ("{% for issue in issue.cards %}{{ issue.face }}{% endfor %}", WholeTemplate),
        ("{{ (issue|attr('intro')) }}", WholeTemplate),
    ],
)  # fmt: skip
def test_fragments_make_what_the_whole_template_makes(source: str, kind: type) -> None:
    pieces = cut(source)
    assert isinstance(pieces, kind)
    whole = environment().from_string(source)
    for issue in ISSUES * 2:  # the second time from memory
        assert "".join(pieces.of(issue)) == whole.render(issue=issue)


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


@pytest.mark.parametrize(
    "source", ["{{ issue.titel }}", "{% for card in issue.titel %}{{ card.face }}{% endfor %}"]
)
def test_a_field_that_is_not_there_is_an_error(source: str) -> None:
    with pytest.raises(jinja2.UndefinedError, match="titel"):
        list(cut(source).of(ISSUES[0]))
