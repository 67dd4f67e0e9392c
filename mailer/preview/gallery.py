"""All issues of an edition side by side on one self-contained page, to look at before or after."""

from collections.abc import Sequence

from mailer.preview.reader_issues import RenderedCopy
from mailer.rendering import look as looks
from mailer.rendering import standalone
from recommender.settings import Settings


def page(settings: Settings, period: str, issues: Sequence[RenderedCopy]) -> str:
    """The page as HTML; each issue stands in a frame of its own and can run nothing."""
    look = looks.look(settings.accent, settings.font)
    return standalone.page("gallery.html", look, title=settings.title, period=period, issues=issues)
