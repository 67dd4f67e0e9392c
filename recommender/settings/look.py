"""Settings of the look: what mail and pages show of whoever publishes them."""

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from recommender.settings.values import OptionalFilePath

_SHORT = re.compile(r"#?([0-9a-fA-F])([0-9a-fA-F])([0-9a-fA-F])")
_LONG = re.compile(r"#?([0-9a-fA-F]{6})")


def _colour(value: str) -> str:
    if match := _SHORT.fullmatch(value):
        return "#" + "".join(2 * digit for digit in match.groups()).lower()
    if match := _LONG.fullmatch(value):
        return f"#{match[1].lower()}"
    raise ValueError(f"{value!r} is not a colour such as #0b5fff")


def _address(value: str | None) -> str | None:
    if value is None:
        return None
    parts = urlsplit(value)
    plain = re.fullmatch(r"[!-~]+", value) and not re.search(r"[<>\"{}|\\^`]", value)
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or not plain:
        raise ValueError("is not an https address such as https://example.org/logo.png")
    return value


def _line(value: str | None) -> str | None:
    if any(ord(character) < 32 for character in value or ""):
        raise ValueError("must be one line without control characters")
    return value


def _font(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


Colour = Annotated[str, AfterValidator(_colour)]
WebAddress = Annotated[str | None, AfterValidator(_address)]
Line = Annotated[str | None, AfterValidator(_line)]
Font = Annotated[
    Literal["georgia", "palatino", "helvetica", "system", "verdana", "trebuchet"],
    BeforeValidator(_font),
]
"""Fonts that mail programs have by themselves."""


class LookSettings(BaseModel):
    """Colours, font, logo and the words around the stories, in mail and on pages."""

    logo: WebAddress = Field(
        None, description="https address of a picture that stands for the title"
    )
    logo_width: int = Field(160, ge=16, le=520, description="how wide the logo is drawn, in pixels")
    accent: Colour = Field(
        "#a8431f",
        description="colour of links, buttons and marks; all others follow, light and dark",
    )
    font: Font = Field(
        "georgia",
        description="georgia, palatino, helvetica, system, verdana or trebuchet",
    )
    tagline: Line = Field(
        None, max_length=160, description="one line under the title: what a reader gets"
    )
    footer: Line = Field(
        None, max_length=600, description="a sentence or two of your own at the end of each mail"
    )
    imprint_url: WebAddress = Field(None, description="https address of who is responsible")
    privacy_url: WebAddress = Field(None, description="https address of your privacy notice")
    templates: OptionalFilePath = Field(
        None,
        description="folder of your own templates; `newsletter templates eject` makes one; a "
        "folder in it that is named after a newsletter has those of that one",
    )
