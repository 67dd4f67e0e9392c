"""Unsubscribing: a page with one button, and the one click of RFC 8058; and coming back.

The token of an issue's own link is enough: whoever holds the issue may stop it.
"""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from mailer.web import forms, security, tokens
from mailer.web.site import Site, of
from recommender.models import Event, EventKind, Status, Subscriber
from recommender.storage import database
from recommender.subscribers import consent, self_service

CHANGE_OF_MIND = timedelta(hours=1)
MAILED = (Status.ACTIVE, Status.PAUSED, Status.PENDING)


def show(request: Request) -> Response:
    """One button."""
    site = of(request)
    with database.reading(site.engine) as session:
        found = _reader(session, site, request.path_params["token"])
        if found is None:
            return site.broken_link("unsubscribe", request.path_params["token"])
        site = site.speaking(found[0].locale)
        if found[0].status not in MAILED:
            return _gone(site)
    _ = site.language.text
    return site.notice(
        _("Stop %(title)s?", title=site.settings.title),
        _("You will get no more issues. Nothing else is asked of you."),
        button=_("Unsubscribe"),
        links={_("Get other stories instead"): site.links.preferences(found[1])},
    )


def leave(request: Request, form: FormData) -> Response:
    """Unsubscribe, or with ``return`` come back. A mail program's one click is answered in text.

    Anybody who was forwarded the issue may stop it, but not start it again: coming back is for
    those who have just left, on our page. Everybody else subscribes anew.
    """
    site = of(request)
    now = site.clock()
    one_click = form.get("List-Unsubscribe") == "One-Click"
    with database.writing(site.engine) as session:
        found = _reader(session, site, request.path_params["token"])
        if found is None:
            return site.broken_link("unsubscribe", request.path_params["token"])
        reader, delivery = found
        site = site.speaking(reader.locale)
        proof: dict[str, Any] = {"from": forms.client(request), "delivery": delivery}
        if form.get("action") == "return" and not one_click:
            return _return(request, site, session, reader, delivery, proof)
        _unsubscribe(session, reader, delivery, now, proof | {"one_click": one_click})
    return PlainTextResponse("Unsubscribed.\n") if one_click else _gone(site)


def _return(
    request: Request,
    site: Site,
    session: Session,
    reader: Subscriber,
    delivery: int,
    proof: dict[str, Any],
) -> Response:
    _ = site.language.text
    now = site.clock()
    ours = security.own_form(request, site.settings.base_url)
    if ours and reader.status == Status.UNSUBSCRIBED and _just_left(session, delivery, now):
        self_service.confirm(session, reader, now=now, proof=proof)
    if reader.status == Status.ACTIVE:
        return site.notice(_("Welcome back"), _("Your next issue comes as before."))
    return site.notice(
        _("Please subscribe anew"),
        _("This link is too old to start again with."),
        status=403,
        links={_("Subscribe"): site.path("/subscribe")},
    )


def _unsubscribe(
    session: Session, reader: Subscriber, delivery: int, now: datetime, proof: dict[str, Any]
) -> None:
    if reader.status not in MAILED:
        return
    consent.change(session, reader, Status.UNSUBSCRIBED, source="unsubscribe", now=now, proof=proof)
    session.add(
        Event(at=now, kind=EventKind.UNSUBSCRIBE, subscriber_id=reader.id, delivery_id=delivery)
    )


def _gone(site: Site) -> Response:
    return site.page("left.html")


def _reader(session: Session, site: Site, token: str) -> tuple[Subscriber, int] | None:
    """The reader of an issue, and its delivery."""
    found = tokens.delivery(session, site, "unsubscribe", token)
    if found is None:
        return None
    return session.get_one(Subscriber, found[0].subscriber_id), found[0].id


def _just_left(session: Session, delivery: int, now: datetime) -> bool:
    """Whether the reader left a moment ago, by the link of this very copy."""
    left = sa.select(Event.id).where(
        Event.delivery_id == delivery,
        Event.kind == EventKind.UNSUBSCRIBE,
        Event.at > now - CHANGE_OF_MIND,
    )
    return session.scalar(left.limit(1)) is not None


ROUTES: list[BaseRoute] = [
    Route("/unsubscribe/{token}", show, methods=["GET"]),
    Route("/unsubscribe/{token}", forms.post(leave, from_anywhere=True), methods=["POST"]),
]
