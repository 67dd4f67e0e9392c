"""Says what is wrong with a value in one clause, in words of our own and not of the validator."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

_SHOWN = 60
"""Characters of a value that are repeated."""
_WORDS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "path_type": lambda _: "is no path",
    "string_type": lambda _: "is no text; put it in quotes",
    "string_too_short": lambda _: "is empty",
    "string_pattern_mismatch": lambda limits: f"does not have the form {limits['pattern']}",
    "bool_parsing": lambda _: "is neither true nor false",
    "bool_type": lambda _: "is neither true nor false",
    "int_parsing": lambda _: "is no whole number",
    "int_type": lambda _: "is no whole number",
    "int_from_float": lambda _: "is no whole number",
    "float_parsing": lambda _: "is no number",
    "float_type": lambda _: "is no number",
    "finite_number": lambda _: "is no number",
    "dict_type": lambda _: "is no table of keys and values",
    "list_type": lambda _: "is no list",
    "greater_than": lambda limits: f"must be more than {limits['gt']:g}",
    "greater_than_equal": lambda limits: f"must be at least {limits['ge']:g}",
    "less_than": lambda limits: f"must be less than {limits['lt']:g}",
    "less_than_equal": lambda limits: f"must be at most {limits['le']:g}",
    "literal_error": lambda limits: f"is none of {limits['expected']}",
}
_SECRET = ("key", "secret", "password", "token", "url", "mailbox", "hook")
"""Parts of names whose values are not repeated: they may hold a password."""


def describe(problem: ErrorDetails) -> str:
    """What is wrong, beginning with the value where that helps and is no secret."""
    words = _WORDS.get(problem["type"])
    if words is None:  # a sentence of the settings themselves
        return str(problem["msg"]).removeprefix("Value error, ")
    said = words(problem.get("ctx", {}))
    name = str(problem["loc"][0]).lower() if problem["loc"] else ""
    if any(part in name for part in _SECRET) or said == "is empty":
        return said
    value = repr(problem["input"])
    return f"{value if len(value) <= _SHOWN else value[: _SHOWN - 1] + '…'} {said}"
