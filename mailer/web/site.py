"""What every page shares: store, settings, links, templates and the clock.

Made once in ``app.create`` and found again with ``of(request)``. It holds no state of any reader.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import jinja2
from sqlalchemy.engine import Engine
from starlette.requests import Request
from starlette.responses import HTMLResponse

from mailer.links import Links
from recommender.settings import Settings


@dataclass(frozen=True)
class Site:
    """One publication on the web. ``clock`` gives aware moments in UTC."""

    engine: Engine
    settings: Settings
    links: Links
    pages: jinja2.Environment
    clock: Callable[[], datetime]

    def page(
        self, request: Request, template: str, status: int = 200, **values: object
    ) -> HTMLResponse:
        """``templates/web/<template>`` filled in; every page knows ``site`` and ``request``."""
        text = self.pages.get_template(template).render(site=self, request=request, **values)
        return HTMLResponse(text, status)


def of(request: Request) -> Site:
    """The site a request came to."""
    found = request.app.state.site
    if not isinstance(found, Site):
        raise TypeError("this application was not made by app.create")
    return found
