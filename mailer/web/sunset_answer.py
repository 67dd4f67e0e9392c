"""The answer to the question whether a reader still wants their issues: a page with one button.

The token of the issue is enough to say yes for a reader who gets issues, or was paused for their
silence; it brings nobody back who has left or paused by themselves.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailer.edition import sunset
from mailer.web import forms, tokens
from mailer.web.site import Site, of
from recommender import newsletters
from recommender.models import ConsentEvent, Edition, Newsletter, Status, Subscriber
from recommender.storage import database
from recommender.subscribers import consent


def show(request: Request) -> Response:
    """One button."""
    site = of(request)
    with database.reading(site.engine) as session:
        found = _found(session, site, request.path_params["token"])
        if found is None:
            return site.broken_link("keep", request.path_params["token"])
        reader, newsletter = found
        site, title = site.speaking(reader.locale), newsletters.of(site.settings, newsletter).title
    _ = site.language.text
    return site.notice(
        _("Keep %(title)s?", title=title),
        _("Your issues go on as before."),
        button=_("Yes, keep them coming"),
    )


def keep(request: Request, _form: FormData) -> Response:
    """Note that the reader is there, and end a pause for silence."""
    site, now = of(request), of(request).clock()
    with database.writing(site.engine) as session:
        found = _found(session, site, request.path_params["token"])
        if found is None:
            return site.broken_link("keep", request.path_params["token"])
        reader, _newsletter = found
        site = site.speaking(reader.locale)
        proof: dict[str, Any] = {"page": "keep", "from": forms.client(request)}
        if reader.status in (Status.ACTIVE, Status.PAUSED):
            reader.last_active_at = now
        if reader.status == Status.PAUSED and _was_silent(session, reader):
            consent.change(session, reader, Status.ACTIVE, source="keep", now=now, proof=proof)
        goes_on = reader.status == Status.ACTIVE
    _ = site.language.text
    if goes_on:
        return site.notice(_("Thank you"), _("Your issues go on as before."))
    return site.notice(
        _("Please subscribe anew"),
        _("This link cannot start your issues again."),
        status=403,
        links={_("Subscribe"): site.path("/subscribe")},
    )


def _was_silent(session: Session, reader: Subscriber) -> bool:
    """Whether the reader's latest change of status is a pause for silence."""
    latest = (
        sa.select(ConsentEvent.source)
        .where(ConsentEvent.subscriber_id == reader.id, ConsentEvent.before != ConsentEvent.after)
        .order_by(ConsentEvent.id.desc())
        .limit(1)
    )
    return session.scalar(latest) == sunset.SOURCE


def _found(session: Session, site: Site, token: str) -> tuple[Subscriber, Newsletter] | None:
    """Whose copy it is, and of which newsletter."""
    found = tokens.delivery(session, site, "keep", token)
    if found is None:
        return None
    edition = session.get_one(Edition, found[0].edition_id)
    return session.get_one(Subscriber, found[0].subscriber_id), edition.newsletter


ROUTES: list[BaseRoute] = [
    Route("/keep/{token}", show, methods=["GET"]),
    Route("/keep/{token}", forms.post(keep), methods=["POST"]),
]
