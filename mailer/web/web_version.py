"""A reader's own issue on the web, as it was mailed: from what was frozen with their copy."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from mailer.delivery import messages
from mailer.delivery.messages import CopyRequest
from mailer.web import security, tokens
from mailer.web.site import Site, of
from recommender.errors import ConfigurationError
from recommender.models import Edition
from recommender.storage import database


def view(request: Request) -> Response:
    """The issue as it was mailed, from what was frozen with it."""
    site = of(request)
    with database.reading(site.engine) as session:
        found = tokens.delivery(session, site, "view", request.path_params["token"])
        if found is None or not found[0].picks:
            return site.broken_link("view", request.path_params["token"])
        delivery = found[0]
        edition = session.get_one(Edition, delivery.edition_id)
        try:
            factory = messages.factory(session, site.settings, edition)
            page = factory.page(CopyRequest.of_delivery(delivery, ""), on_web=True).html
        except ConfigurationError:
            return _not_again(site)
    return HTMLResponse(
        page,
        headers={
            "Content-Security-Policy": security.ISSUES,
            "X-Robots-Tag": "noindex, nofollow",
        },
    )


def _not_again(site: Site) -> Response:
    """For an issue whose template is not as it was kept; a sender says why."""
    _ = site.language.text
    return site.notice(
        _("This issue cannot be shown"),
        _("Its template can no longer be used. The issue in your mail is still whole."),
        status=410,
    )


ROUTES: list[BaseRoute] = [Route("/view/{token}", view, methods=["GET"])]
