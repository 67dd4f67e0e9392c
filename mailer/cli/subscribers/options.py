"""The options that set a reader's fields, made from the table of fields; and what was given."""

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from recommender.errors import NewsletterError
from recommender.subscribers import fields
from recommender.subscribers.fields import FIELDS, Field, SubscriberDraft

Email = Annotated[str, typer.Argument(help="The reader's address.")]


def with_fields(command: Callable[..., None]) -> Callable[..., None]:
    """``command`` with an option for every field that has one; it takes them as ``**given``."""
    signature = inspect.signature(command)
    named = [one for one in signature.parameters.values() if one.kind is not one.VAR_KEYWORD]
    options = [_parameter(field) for field in FIELDS if field.option is not None]
    parameters = sorted((*named, *options), key=lambda one: one.kind)
    command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # inspect's own way to say what a function takes
    command.__annotations__ = {one.name: one.annotation for one in parameters} | {"return": None}
    return command


def _parameter(field: Field) -> inspect.Parameter:
    text: Any = list[field.kind.option] if field.kind.from_parts else field.kind.option  # type: ignore[name-defined]  # a type made while running
    names = (field.option,) if field.option else (f"--{field.name}",)
    return inspect.Parameter(
        field.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[text | None, typer.Option(*names, help=field.help)],
    )


def values(given: Mapping[str, Any]) -> dict[str, Any]:
    """What the options say, as a JSON object of fields; what was not given is left out."""
    said: dict[str, Any] = {}
    for field in FIELDS:
        value = given.get(field.name)
        if value is None or value == []:
            continue
        said[field.name] = field.kind.from_parts(value) if field.kind.from_parts else value
    return said


def draft(values: Mapping[str, Any]) -> SubscriberDraft:
    """``values`` checked; NewsletterError names what is wrong."""
    try:
        return fields.draft(1, values)
    except ValueError as error:
        raise NewsletterError(str(error)) from error
