"""What templates reach, and what they do not."""

import dataclasses

import jinja2
import pytest
from jinja2.exceptions import SecurityError

from mailer.issue.cards import Part
from mailer.rendering import sandbox

PART = Part("takeaway", "Key <takeaway>", points=("one", "two"))


def drawn(template: str, *, autoescape: bool = True) -> str:
    return sandbox.environment(autoescape=autoescape).from_string(template).render(part=PART)


def test_fields_of_an_issues_values_are_shown_and_escaped() -> None:
    assert drawn("{{ part.label }}: {{ part.points[1] }}") == "Key &lt;takeaway&gt;: two"
    assert drawn("{{ part.label }}", autoescape=False) == "Key <takeaway>"


@pytest.mark.parametrize(
    "reach",
    [
        "part.__class__",
        "part.__class__.__mro__",
        "part.__init__.__globals__",
        "part.__dataclass_fields__",
        "part.label.__class__",
        "'{0.__class__}'.format(part)",
        "part.label.format.__self__.__class__",
        "part.points.__class__",
    ],
)
def test_nothing_of_python_itself_is_reached(reach: str) -> None:
    with pytest.raises((SecurityError, jinja2.UndefinedError)):
        drawn(f"{{{{ {reach} }}}}")


def test_what_is_missing_is_said() -> None:
    with pytest.raises(jinja2.UndefinedError, match="no attribute 'titel'"):
        drawn("{{ part.titel }}")


def test_all_values_are_frozen() -> None:
    assert all(kind.__dataclass_params__.frozen for kind in sandbox.VALUES)
    assert all(dataclasses.is_dataclass(kind) for kind in sandbox.VALUES)
