"""What every page shares: store, settings, links, templates, limits and the clock.

Made once in ``app.create`` and found again with ``of(request)``. It holds no state of any reader.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import jinja2
from sqlalchemy.engine import Engine
from starlette.requests import Request
from starlette.responses import HTMLResponse

from mailer.links import Links
from mailer.web.security import Limit
from recommender.settings import Settings

HOUR = 3600.0


@dataclass(frozen=True)
class Limits:
    """How often something may be asked for; what keeps this from being used to flood a mailbox."""

    address: Limit = field(default_factory=lambda: Limit(3, HOUR))
    client: Limit = field(default_factory=lambda: Limit(20, HOUR))
    everybody: Limit = field(default_factory=lambda: Limit(1_000, HOUR))

    def allow(self, address: str, client: str) -> bool:
        """Whether one more mail may be asked for by ``client`` to ``address``."""
        asked = (self.client, client), (self.everybody, ""), (self.address, address)
        return all(limit.allows(key) for limit, key in asked)


@dataclass(frozen=True)
class Site:
    """One publication on the web. ``clock`` gives aware moments in UTC."""

    engine: Engine
    settings: Settings
    links: Links
    pages: jinja2.Environment
    clock: Callable[[], datetime]
    limits: Limits = field(default_factory=Limits)

    def page(
        self,
        template: str,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **values: object,
    ) -> HTMLResponse:
        """``templates/web/<template>`` filled in; every page knows ``site``."""
        text = self.pages.get_template(template).render(site=self, **values)
        return HTMLResponse(text, status, headers)

    def notice(
        self,
        title: str,
        *paragraphs: str,
        status: int = 200,
        button: str | None = None,
        headers: Mapping[str, str] | None = None,
        links: Mapping[str, str] | None = None,
    ) -> HTMLResponse:
        """A page that says one thing, with at most one button, which POSTs to the same address."""
        return self.page(
            "notice.html",
            status,
            headers,
            title=title,
            paragraphs=paragraphs,
            button=button,
            links=links or {},
        )

    def broken_link(self) -> HTMLResponse:
        """For a token that is damaged, expired, or of somebody who is gone."""
        return self.notice(
            "This link does not work",
            "It is damaged, has expired, or was for something that is no longer here. The links in "
            "your latest issue work; or subscribe again, and you get a new one.",
            status=404,
        )


def of(request: Request) -> Site:
    """The site a request came to."""
    found = request.app.state.site
    if not isinstance(found, Site):
        raise TypeError("this application was not made by app.create")
    return found
