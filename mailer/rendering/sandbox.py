"""What a template may reach: the fields of an issue's values, and nothing of Python's own objects.

A template may come out of the store, so it runs in Jinja's sandbox; it changes nothing that it is
given.
"""

from dataclasses import fields
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mailer.issue import cards, notes, pictures, plaintext, sponsors

VALUES: tuple[Any, ...] = (
    *(cards.Issue, cards.Card, cards.Face, cards.Part, pictures.Picture, sponsors.Sponsor),
    *(notes.Note, notes.Block, notes.Line, notes.Span),
)
"""What an issue consists of, all of it frozen."""
_FIELDS = {kind: frozenset(field.name for field in fields(kind)) for kind in VALUES}


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's own, which looks at each thing it hands out; but not at a field of an issue's values:
    they are what templates are for, and looking took longer than all else that fills one."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """As Jinja's."""
        if attribute in _FIELDS.get(type(obj), ()):
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)


def environment(*, autoescape: bool) -> jinja2.Environment:
    """The sandbox for HTML (``autoescape``), or for text, with the filters that templates have."""
    found = Sandbox(
        autoescape=autoescape,
        undefined=jinja2.StrictUndefined,
        trim_blocks=not autoescape,
        lstrip_blocks=not autoescape,
        keep_trailing_newline=True,
    )
    found.filters["wrapped"] = plaintext.wrapped
    found.filters["underlined"] = plaintext.underlined
    return found
