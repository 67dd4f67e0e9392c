"""The sponsor of an issue: one labelled place, counted as a story is, and never one."""

from dataclasses import dataclass

from mailer.issue.content import web_address
from mailer.issue.plaintext import clean, direction, shorten
from mailer.localization import Language

LONGEST_TEXT = 600
LONGEST_NAME = 60
FIRST = 1 << 40
"""In place of a story's number in a link: the sponsor with the number 0. No store has as many
stories."""


@dataclass(frozen=True)
class SponsorContent:
    """What a sponsor says. Clean by construction, whoever wrote it; ``image`` is an https address,
    empty without one."""

    name: str
    text: str
    url: str
    image: str = ""
    image_alt: str = ""

    def __post_init__(self) -> None:
        for field, most in (("name", LONGEST_NAME), ("text", LONGEST_TEXT), ("image_alt", 300)):
            object.__setattr__(self, field, shorten(clean(getattr(self, field)), most))
        for field in ("url", "image"):
            object.__setattr__(self, field, web_address(getattr(self, field)))


@dataclass(frozen=True, slots=True, eq=False)
class Sponsor:
    """A sponsor as an issue shows it: ``label`` says what it is, ``read`` is the words of the link.
    Remembered, so each is compared as the one object it is."""

    label: str
    name: str
    text: str
    read: str
    url: str
    image: str
    image_alt: str
    lang: str
    dir: str


def sponsor(content: SponsorContent, url: str, language: Language, lang: str) -> Sponsor:
    """The sponsor in the words of ``language``; ``url`` is where its link leads, ``lang`` the
    language that it is written in, empty when it is the issue's."""
    _ = language.text
    return Sponsor(
        label=_("Sponsor"),
        name=content.name,
        text=content.text,
        read=_("Visit %(name)s", name=content.name),
        url=url,
        image=content.image,
        image_alt=content.image_alt or content.name,
        lang=lang,
        dir=direction(content.text),
    )
