"""Unsubscribing: a page with one button, and the one click of RFC 8058; and coming back.

The token of an issue's own link is enough: whoever holds the issue may stop it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
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
from recommender import newsletters, segments
from recommender.models import Edition, Event, EventKind, Newsletter, Status, Subscriber
from recommender.storage import database
from recommender.subscribers import self_service, subscriptions

CHANGE_OF_MIND = timedelta(hours=1)


@dataclass(frozen=True)
class _Copy:
    """The copy whose link was followed: whose it is, of which newsletter."""

    reader: Subscriber
    delivery: int
    newsletter: Newsletter
    title: str


def show(request: Request) -> Response:
    """One button."""
    site = of(request)
    with database.reading(site.engine) as session:
        copy = _copy(session, site, request.path_params["token"])
        if copy is None:
            return site.broken_link("unsubscribe", request.path_params["token"])
        site = site.speaking(copy.reader.locale)
        if copy.reader.status not in self_service.MAILED:
            return _gone(site, copy.title)
        got = subscriptions.of(session, copy.reader)
        if not got.get(copy.newsletter.name, True):
            return _gone(site, copy.title, _others(session, site, copy))
    _ = site.language.text
    return site.notice(
        _("Unsubscribe from %(title)s?", title=copy.title),
        site.naming("You will get no more issues of %(title)s. That is all.", title=copy.title),
        button=_("Unsubscribe"),
        links={
            _("Get other stories, or fewer issues, instead"): site.links.preferences(copy.delivery)
        },
    )


def leave(request: Request, form: FormData) -> Response:
    """Unsubscribe from the newsletter of this copy, with ``all`` from every one, or with ``return``
    come back. A mail program's one click is answered in text.

    Anybody who was forwarded the issue may stop it, but not start it again: coming back is for
    those who have just left, on our page. Everybody else subscribes anew.
    """
    site = of(request)
    now = site.clock()
    one_click = form.get("List-Unsubscribe") == "One-Click"
    with database.writing(site.engine) as session:
        copy = _copy(session, site, request.path_params["token"])
        if copy is None:
            return site.broken_link("unsubscribe", request.path_params["token"])
        site = site.speaking(copy.reader.locale)
        proof: dict[str, Any] = {"from": forms.client(request), "delivery": copy.delivery}
        action = "" if one_click else form.get("action")
        if action == "return":
            return _return(request, site, session, copy, proof)
        self_service.leave(
            session,
            copy.reader,
            newsletter=None if action == "all" else copy.newsletter.name,
            delivery=copy.delivery,
            audiences=segments.audiences(session, copy.reader.id, now),
            source="unsubscribe",
            now=now,
            proof=proof | {"one_click": one_click},
        )
        others = [] if action == "all" else _others(session, site, copy)
    return PlainTextResponse("Unsubscribed.\n") if one_click else _gone(site, copy.title, others)


def _return(
    request: Request, site: Site, session: Session, copy: _Copy, proof: dict[str, Any]
) -> Response:
    _ = site.language.text
    now, reader = site.clock(), copy.reader
    ours = security.own_form(request, site.settings.base_url)
    if ours and _just_left(session, copy.delivery, now):
        if reader.status == Status.UNSUBSCRIBED:
            self_service.confirm(session, reader, now=now, proof=proof)
        if reader.status == Status.ACTIVE:
            subscriptions.rejoin(session, reader, copy.newsletter.name, now=now, proof=proof)
    if reader.status == Status.ACTIVE and subscriptions.of(session, reader).get(
        copy.newsletter.name, True
    ):
        return site.notice(_("Welcome back"), _("Your next issue comes as before."))
    return site.notice(
        _("Please subscribe anew"),
        _("This link is too old to start again with."),
        status=403,
        links={_("Subscribe"): site.path("/subscribe")},
    )


def _gone(site: Site, title: str, others: Sequence[str] = ()) -> Response:
    return site.page("left.html", left=title, others=site.language.all_of(others) if others else "")


def _others(session: Session, site: Site, copy: _Copy) -> list[str]:
    """The titles of the newsletters that the reader still gets."""
    if copy.reader.status not in self_service.MAILED:
        return []
    within = segments.audiences(session, copy.reader.id, site.clock())
    got = subscriptions.of(session, copy.reader, within)
    rows = newsletters.listing(session)
    return [newsletters.of(site.settings, row).title for row in rows if got.get(row.name)]


def _copy(session: Session, site: Site, token: str) -> _Copy | None:
    delivery = tokens.delivery(session, site, "unsubscribe", token)
    if delivery is None:
        return None
    row = session.get_one(Edition, delivery[0].edition_id).newsletter
    title = newsletters.of(site.settings, row).title
    reader = session.get_one(Subscriber, delivery[0].subscriber_id)
    return _Copy(reader, delivery[0].id, row, title)


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
