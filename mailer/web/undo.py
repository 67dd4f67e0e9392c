"""Taking back what a reply changed: a page with one button, from the link in our answer."""

import json

from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailer.inbound import steering
from mailer.links import TokenError
from mailer.web import forms
from mailer.web.site import Site, of
from recommender.models import InboundMessage, Subscriber
from recommender.storage import database
from recommender.subscribers import records


def show(request: Request) -> Response:
    """One button."""
    site = of(request)
    with database.reading(site.engine) as session:
        found = _asked(session, site, request.path_params["token"])
        if found is None:
            return site.broken_link()
        site = site.speaking(found[1].locale)
    _ = site.language.text
    return site.notice(
        _("Undo what your reply changed?"),
        _("Your choices become what they were before your reply."),
        button=_("Undo"),
    )


def undo(request: Request, _form: FormData) -> Response:
    """What was changed is as before, unless the reader has said something else since."""
    site = of(request)
    with database.writing(site.engine) as session:
        found = _asked(session, site, request.path_params["token"])
        if found is None:
            return site.broken_link()
        row, reader = found
        site = site.speaking(reader.locale)
        done = steering.undo(session, reader, json.loads(row.undo or "{}"), now=site.clock())
    _ = site.language.text
    if done:
        return site.notice(_("Undone"), _("Your choices are as they were before your reply."))
    return site.notice(
        _("Nothing to undo"), _("Your choices have changed since, or it was undone before.")
    )


def _asked(session: Session, site: Site, token: str) -> tuple[InboundMessage, Subscriber] | None:
    try:
        holder = site.links.holder("undo", token, site.clock())
    except TokenError:
        return None
    row = session.get(InboundMessage, holder.subscriber_id)
    if row is None or row.undo is None or row.subscriber_id is None:
        return None
    reader = records.lock(session, row.subscriber_id)
    return None if reader is None or reader.link_key != holder.key else (row, reader)


ROUTES: list[BaseRoute] = [
    Route("/undo/{token}", show, methods=["GET"]),
    Route("/undo/{token}", forms.post(undo), methods=["POST"]),
]
