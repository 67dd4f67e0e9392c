"""What a publisher puts around the stories: name in pictures, a line, links of their own."""

from dataclasses import dataclass

from mailer.issue.plaintext import clean, shorten


@dataclass(frozen=True)
class Frame:
    """What stands around the stories, the same in every copy; all of it may be empty. ``logo`` is
    an https address, drawn ``logo_width`` CSS pixels wide."""

    tagline: str = ""
    footer: str = ""
    logo: str = ""
    logo_width: int = 160
    subscribe_url: str = ""
    archive_url: str = ""
    imprint_url: str = ""
    privacy_url: str = ""

    def __post_init__(self) -> None:
        for name, most in (("tagline", 160), ("footer", 600)):
            object.__setattr__(self, name, shorten(clean(getattr(self, name)), most))
