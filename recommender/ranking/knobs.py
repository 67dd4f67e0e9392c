"""Ranker settings as people write them: ``diversity=0.4, profile.role=0.5``.

For comparing settings with each other: ``evaluate --from-store`` and ``experiments`` read them.
"""

import difflib
from dataclasses import fields, is_dataclass, replace
from typing import Any

from recommender.errors import NewsletterError
from recommender.ranking.settings import RankingSettings

FIXED = frozenset({"text.fields", "duplicate", "same_event", "duplicates_per_story", "vary"})
"""What is the same for all that are compared: what counts as the same story, and chance."""


def changed(settings: RankingSettings, text: str) -> RankingSettings:
    """``settings`` with the values in ``text``: ``KNOB=VALUE`` pairs with commas between, a knob of
    a group with a dot (``profile.role``); an empty text changes nothing.

    Raises NewsletterError that names the part that is wrong.
    """
    for part in filter(None, (one.strip() for one in text.split(","))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            raise NewsletterError(f"setting {part!r}: expected KNOB=VALUE, such as diversity=0.4")
        if name not in names():
            close = difflib.get_close_matches(name, names(), n=1)
            hint = f"; did you mean {close[0]}?" if close else f"; there are {', '.join(names())}"
            raise NewsletterError(f"setting {part!r}: the ranker has no knob {name!r}{hint}")
        settings = _set(settings, name.split("."), value, part)
    return settings


def names() -> list[str]:
    """The knobs there are."""
    return [name for name in _names(RankingSettings()) if name not in FIXED]


def _names(group: Any, before: str = "") -> list[str]:
    found = []
    for one in fields(group):
        value = getattr(group, one.name)
        name = f"{before}{one.name}"
        found += _names(value, f"{name}.") if is_dataclass(value) else [name]
    return found


def _set(group: Any, path: list[str], text: str, part: str) -> Any:
    name, *rest = path
    before = getattr(group, name)
    value = _set(before, rest, text, part) if rest else _value(before, text, part)
    return replace(group, **{name: value})


def _value(before: object, text: str, part: str) -> object:
    """``text`` as a value of the kind that ``before`` is."""
    if isinstance(before, bool):
        if text.lower() in ("true", "on", "yes", "1", "false", "off", "no", "0"):
            return text.lower() in ("true", "on", "yes", "1")
        raise NewsletterError(f"setting {part!r}: expected true or false")
    try:
        number = float(text)
    except ValueError:
        raise NewsletterError(f"setting {part!r}: {text!r} is no number") from None
    whole = before is None or isinstance(before, int)
    if not 0 <= number < 1e6 or (whole and number != int(number)):  # NaN, too
        kind = "a whole number" if whole else "a number"
        raise NewsletterError(f"setting {part!r}: expected {kind} from 0 to 1,000,000")
    return int(number) if whole else number
