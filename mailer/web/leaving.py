"""Unsubscribing: a page with one button, and the one click of RFC 8058; and coming back.

The token of an issue's own link is enough: whoever holds the issue may stop it.
"""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from mailer.links import TokenError
from mailer.web import forms
from mailer.web.site import Site, of
from recommender import database
from recommender.models import Delivery, Event, EventKind, Status, Subscriber
from recommender.subscribers import choices, consent

MAILED = (Status.ACTIVE, Status.PAUSED, Status.PENDING)


def show(request: Request) -> Response:
    """One button."""
    site = of(request)
    with database.reading(site.engine) as session:
        found = _reader(session, site, request.path_params["token"])
        if found is None:
            return site.broken_link()
        if found[0].status not in MAILED:
            return _gone(site)
    return site.notice(
        f"Stop {site.settings.title}?",
        "You will get no more issues. Nothing else is asked of you.",
        button="Unsubscribe",
        links={"Get other stories instead": site.links.preferences(found[1])},
    )


def leave(request: Request, form: FormData) -> Response:
    """Unsubscribe, or with ``return`` come back. A mail program's one click is answered in text."""
    site = of(request)
    now = site.clock()
    back = form.get("action") == "return"
    with database.writing(site.engine) as session:
        found = _reader(session, site, request.path_params["token"])
        if found is None:
            return site.broken_link()
        reader, delivery = found
        proof: dict[str, Any] = {"from": forms.client(request), "delivery": delivery}
        if back:
            if reader.status == Status.UNSUBSCRIBED:
                choices.confirm(session, reader, now=now, proof=proof)
            back = reader.status == Status.ACTIVE
        else:
            one_click = form.get("List-Unsubscribe") == "One-Click"
            _unsubscribe(session, reader, delivery, now, proof | {"one_click": one_click})
    if form.get("List-Unsubscribe") == "One-Click":
        return PlainTextResponse("Unsubscribed.\n")
    if back:
        return site.notice("Welcome back", "Your next issue comes as before.")
    return _gone(site)


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
    try:
        (delivery_id,) = site.links.read("unsubscribe", token)
    except (TokenError, ValueError):
        return None
    delivery = session.get(Delivery, delivery_id) if delivery_id < 2**63 else None
    reader = None if delivery is None else session.get(Subscriber, delivery.subscriber_id)
    return None if reader is None else (reader, delivery_id)


ROUTES: list[BaseRoute] = [
    Route("/unsubscribe/{token}", show, methods=["GET"]),
    Route("/unsubscribe/{token}", forms.post(leave, from_anywhere=True), methods=["POST"]),
]
