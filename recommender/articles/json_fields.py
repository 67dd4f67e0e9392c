"""Reads the fields of a decoded JSON object, each of the type it must have.

Every function raises ``ValueError`` with a message that begins with the field's name. A field that
is absent or null is empty.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from recommender.articles import fields
from recommender.story_text import Image

T = TypeVar("T")
MAX_PIXELS = 20_000
"""The width or height of a picture."""


def within(name: str, make: Callable[[], T]) -> T:
    """What ``make`` returns; a ValueError of its own gets ``name`` in front."""
    try:
        return make()
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def string(item: Mapping[str, object], name: str) -> str | None:
    """A text as it is."""
    value = item.get(name)
    if value is None or isinstance(value, str):
        return value
    raise ValueError(f"{name}: expected text, not {kind(value)}")


def required(item: Mapping[str, object], name: str, read_as: Callable[[str], str]) -> str:
    """A text that must be there, as ``read_as`` takes it."""
    written = string(item, name)
    if written is None:
        raise ValueError(f"{name}: is missing")
    return within(name, lambda: read_as(written))


def optional(item: Mapping[str, object], name: str, read_as: Callable[[str], T]) -> T | None:
    """A text that may be absent or blank, as ``read_as`` takes it."""
    written = string(item, name)
    return within(name, lambda: read_as(written)) if written and written.strip() else None


def prose(item: Mapping[str, object], name: str) -> str:
    """A text that may have line breaks; '' when absent."""
    written = string(item, name) or ""
    return within(name, lambda: fields.paragraphs(written))


def texts(item: Mapping[str, object], name: str) -> tuple[str, ...]:
    """A list of texts, each on one line; blank ones are left out."""
    listed = item.get(name)
    if listed is None:
        return ()
    if not isinstance(listed, list):
        raise ValueError(f"{name}: expected a list of texts, not {kind(listed)}")
    for value in listed:
        if not isinstance(value, str):
            raise ValueError(f"{name}: expected a list of texts, but it holds {kind(value)}")
    lines = within(name, lambda: [fields.one_line(value) for value in listed])
    return tuple(line for line in lines if line)


def names(item: Mapping[str, object], name: str) -> tuple[str, ...]:
    """A list of names of topics or roles, each once."""
    found: dict[str, str] = {}
    for text in texts(item, name):
        found.setdefault(text.casefold(), within(name, partial(fields.name, text)))
    return tuple(found.values())


def weights(item: Mapping[str, object], name: str) -> dict[str, float]:
    """Names with weights above 0 and at most 1; a plain list of names gives each the weight 1."""
    value = item.get(name)
    if not isinstance(value, dict):
        return dict.fromkeys(names(item, name), 1.0)
    for written, weight in value.items():
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight <= 1:
            raise ValueError(f"{name}: the weight of {written!r} is not above 0 and at most 1")
    listed = names({name: list(value)}, name)
    by_name = {written.casefold().strip(): float(weight) for written, weight in value.items()}
    return {written: by_name.get(written.casefold(), 1.0) for written in listed}


def image(item: Mapping[str, object], name: str) -> Image | None:
    """A picture: its address alone, or an object with ``url``, ``alt``, ``width``, ``height``."""
    value = item.get(name)
    if value is None or isinstance(value, str):
        url = optional(item, name, fields.web_address)
        return None if url is None else Image(url)
    if not isinstance(value, dict):
        raise ValueError(f"{name}: expected an object with url, not {kind(value)}")
    return within(
        name,
        lambda: Image(
            url=required(value, "url", fields.web_address),
            alt=optional(value, "alt", fields.alt_text) or "",
            width=_pixels(value, "width"),
            height=_pixels(value, "height"),
        ),
    )


def _pixels(item: Mapping[str, object], name: str) -> int | None:
    value = item.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MAX_PIXELS:
        raise ValueError(f"{name}: expected a whole number from 1 to {MAX_PIXELS:,}")
    return value


def flag(item: Mapping[str, object], name: str) -> bool:
    """true or false; absent is false."""
    value = item.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise ValueError(f"{name}: expected true or false, not {kind(value)}")


def kind(value: object) -> str:
    """What JSON calls the type of ``value``, for a message."""
    kinds = {dict: "an object", list: "a list", str: "text", bool: "true or false"}
    return "null" if value is None else kinds.get(type(value), "a number")
