"""All issues of an edition side by side on one self-contained page, to look at before or after."""

from collections.abc import Sequence

import jinja2

from mailer.delivery.messages import RenderedCopy
from recommender import resources


def page(title: str, period: str, issues: Sequence[RenderedCopy]) -> str:
    """The page as HTML; each issue stands in a frame of its own and can run nothing."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(resources.folder("templates") / "web"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("gallery.html").render(
        title=title, period=period, issues=issues
    )
