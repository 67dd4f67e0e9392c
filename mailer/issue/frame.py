"""What is the same in every copy: what a publisher puts around the stories, what editors say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from mailer import localization
from mailer.issue import wording
from mailer.issue.plaintext import clean, shorten
from mailer.issue.sponsors import SponsorContent
from mailer.localization import Language


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


@dataclass(frozen=True)
class Publication:
    """What is the same in every copy of an edition. ``edition`` is its name
    (``weekly-2026-W48``), ``day`` when it goes out; without ``tracking`` stories are linked
    directly as far as their addresses are of bearable length. ``language`` is that of readers and
    of stories that do not say another. ``subject`` is the editors' for every copy; ``notes`` are
    theirs in Markdown, by segment (None: for everybody). A ``test`` copy says so in its subject;
    a ``welcome`` is a reader's first issue, made for them alone and of no week: it says how often
    others come by the ``schedule``."""

    title: str
    edition: str
    day: date | None
    postal_address: str
    tracking: bool = True
    language: str = localization.SOURCE
    subject: str = ""
    notes: Mapping[str | None, str] = field(default_factory=dict)
    sponsors: Mapping[int, SponsorContent] = field(default_factory=dict)
    frame: Frame = field(default_factory=Frame)
    test: bool = False
    welcome: bool = False
    schedule: str = ""

    @cached_property
    def name(self) -> str:
        """The title as it is shown."""
        return shorten(clean(self.title), 80)

    @cached_property
    def subject_line(self) -> str:
        """The editors' subject as it is shown; empty without one."""
        return shorten(clean(self.subject), wording.LONGEST_SUBJECT)

    def date_line(self, language: Language) -> str:
        """The week and the day; empty over a welcome."""
        return "" if self.welcome else wording.date_line(self.edition, self.day, language)

    @cached_property
    def address(self) -> tuple[str, ...]:
        """The lines of the postal address as they are shown."""
        return tuple(shorten(clean(line), 200) for line in self.postal_address.splitlines()[:8])
