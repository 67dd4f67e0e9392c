"""The picture of a story as a copy shows it: over TLS, as wide as the column at most.

Which mail program loads it is the reader's business; every issue reads as well without.
"""

from dataclasses import dataclass

from mailer.issue.content import StoryContent
from mailer.issue.plaintext import shorten

COLUMN = 520
"""CSS pixels that the column of an issue has for a picture."""
NARROWEST = 280
"""A smaller picture is a logo or a portrait: no picture of the story."""
TALLEST = 1.25
"""Height as a share of the width: a taller one would push the story off the screen."""
ALT = 160
LONGEST_URL = 1000


@dataclass(frozen=True, slots=True)
class Picture:
    """``url`` is an https address; ``alt`` says what it shows, empty when it only decorates;
    ``width`` in CSS pixels, as it is drawn."""

    url: str
    alt: str
    width: int


def shown(story: StoryContent) -> Picture | None:
    """The story's picture, if it has one that can be shown."""
    image = story.image
    if image is None or not image.url.startswith("https://") or len(image.url) > LONGEST_URL:
        return None
    width, height = image.width, image.height
    if width is not None and width < NARROWEST:
        return None
    if width and height and height > TALLEST * width:
        return None
    return Picture(image.url, shorten(image.alt, ALT), min(width or COLUMN, COLUMN))
