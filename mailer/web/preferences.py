"""What a reader chose, to be changed; what is held, to be taken along; all of it, to be erased.

An issue can be forwarded, so the link in it opens nothing: it offers to mail a fresh link to the
reader. That one (``manage``) is good for two hours.
"""

import json
from datetime import datetime, timedelta
from zoneinfo import available_timezones

from sqlalchemy.orm import Session
from starlette.background import BackgroundTask
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailer import erasure, languages
from mailer.web import forms, signup, tokens
from mailer.web.site import Site, of
from recommender import database
from recommender.errors import ConflictError
from recommender.models import Status, Subscriber
from recommender.subscribers import choices, consent, fields, records

LONGEST_PAUSE = 26
"""Weeks."""
SUGGESTED = 24
"""Topics shown beside those the reader has."""


def show(request: Request) -> Response:
    """The form, for a personal link; for an issue's link, the offer to mail one."""
    site = of(request)
    token = request.path_params["token"]
    with database.reading(site.engine) as session:
        reader = _owner(session, site, token)
        if reader is not None:
            return _form(site, reader)
        mentioned = _mentioned(session, site, token)
        if mentioned is None:
            return site.broken_link()
        site = site.speaking(mentioned.locale)
    _ = site.language.text
    return site.notice(
        _("Change what you get"),
        _(
            "Issues are forwarded, and your choices are yours. So we mail you a link of your own, "
            "to the address this issue was sent to."
        ),
        button=_("Mail me the link"),
    )


def _form(site: Site, reader: Subscriber, message: str = "", status: int = 200) -> Response:
    site = site.speaking(reader.locale)
    topics, roles = signup.vocabulary(site)
    stated = {row.topic.name: row.weight for row in reader.topics}
    return site.page(
        "preferences.html",
        status,
        reader=reader,
        message=message,
        written_in=languages.choose(reader.locale, site.settings.language),
        stated=stated,
        mine=[row.role.name for row in reader.roles],
        suggested=[name for name in topics if name not in stated][:SUGGESTED],
        topics=topics,
        roles=roles,
        zones=sorted(available_timezones()),
        longest_pause=LONGEST_PAUSE,
    )


def save(request: Request, form: FormData) -> Response:
    """Do what the pressed button says."""
    site = of(request)
    token = request.path_params["token"]
    with database.reading(site.engine) as session:
        reader = _owner(session, site, token)
        if reader is None:
            found = _mentioned(session, site, token)
            if found is None:
                return site.broken_link()
            return _mail_link(request, site, found)
        identifier = reader.id
    action = forms.text(form, "action", 20) or "save"
    client = forms.client(request)
    if action == "export":
        return _export(site, identifier)
    if action == "erase":
        return _erase(site, identifier, form)
    return _change(site, identifier, action, form, client)


def _mail_link(request: Request, site: Site, reader: Subscriber) -> Response:
    if not site.limits.allow(reader.email.casefold(), forms.client(request)):
        return signup.too_often(site)
    site = site.speaking(reader.locale)
    _ = site.language.text
    done = site.notice(
        _("Look into your mail"),
        _(
            "A link of your own is on its way to the address this issue was sent to. It is good "
            "for two hours."
        ),
    )
    if reader.status in (Status.ACTIVE, Status.PAUSED):
        done.background = BackgroundTask(signup.mail_choices, site, reader.id)
    return done


def _change(site: Site, identifier: int, action: str, form: FormData, client: str) -> Response:
    now = site.clock()
    proof = {"page": "preferences", "from": client}
    with database.writing(site.engine) as session:
        reader = session.get_one(Subscriber, identifier)
        site = site.speaking(reader.locale)
        _ = site.language.text
        message = _("Saved. Your next issue follows your new choices.")
        if action == "unsubscribe":
            consent.change(
                session, reader, Status.UNSUBSCRIBED, source="preferences", now=now, proof=proof
            )
            message = _("You get no more issues. You can come back here while this link is good.")
        elif action == "resume":
            if reader.status in (Status.PAUSED, Status.UNSUBSCRIBED) and not (
                consent.is_suppressed(session, reader.email)
            ):
                reader.paused_until = None
                consent.change(
                    session, reader, Status.ACTIVE, source="preferences", now=now, proof=proof
                )
                message = _("Your next issue comes as before.")
        elif action == "pause":
            until = _pause_until(form, now)
            choices.pause(session, reader, until, now=now, proof=proof)
            message = _(
                "Paused until %(day)s; then it goes on by itself.",
                day=site.language.day(until.date()),
            )
        else:
            try:
                _save(site, session, reader, form, now)
            except ValueError as error:
                why = forms.complaint(error, site.language)
                return _form(site, reader, _("Not saved. %(why)s", why=why), 400)
        session.flush()
        session.expire(reader)
        return _form(site, reader, message)


def _pause_until(form: FormData, now: datetime) -> datetime:
    weeks = forms.text(form, "weeks", 3)
    number = int(weeks) if weeks.isascii() and weeks.isdigit() else 1
    return now + timedelta(weeks=min(max(number, 1), LONGEST_PAUSE))


def _save(site: Site, session: Session, reader: Subscriber, form: FormData, now: datetime) -> None:
    """All or, with a ValueError that names the field, nothing."""
    draft = fields.draft(
        0,
        {
            "email": reader.email,
            "name": forms.text(form, "name"),
            "roles": forms.names(form, "roles"),
            "topics": forms.topics(form),
            "timezone": forms.text(form, "timezone", 64),
            "locale": forms.locale(form, reader.locale or site.language.tag),
        },
    )
    choices.choose(session, reader, roles=draft.roles or (), topics=draft.topics or {}, now=now)
    reader.name = draft.name or ""
    reader.timezone = draft.timezone
    reader.locale = draft.locale


def _export(site: Site, identifier: int) -> Response:
    with database.reading(site.engine) as session:
        held = records.everything(session, session.get_one(Subscriber, identifier))
    return Response(
        json.dumps(held, ensure_ascii=False, indent=2, default=str),
        media_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="my-newsletter-data.json"'},
    )


def _erase(site: Site, identifier: int, form: FormData) -> Response:
    with database.reading(site.engine) as session:
        reader = session.get_one(Subscriber, identifier)
        site = site.speaking(reader.locale)
        _ = site.language.text
        if forms.text(form, "sure", 10) != "yes":
            message = _("Nothing was erased: tick the box to say that you mean it.")
            return _form(site, reader, message)
        email = reader.email
    try:
        erasure.erase(site.engine, site.settings, email, now=site.clock())
    except ConflictError:
        return site.notice(
            _("Not yet"),
            _("An issue is being sent to you right now. Please try again in a minute."),
            status=409,
        )
    return site.notice(
        _("Erased"),
        _(
            "Nothing is held of you any more but a fingerprint of your address, so that nobody can "
            "add it again by mistake."
        ),
    )


def _owner(session: Session, site: Site, token: str) -> Subscriber | None:
    """The reader whose personal link this is."""
    found = tokens.owner(session, site, "manage", token)
    return None if found is None else found[0]


def _mentioned(session: Session, site: Site, token: str) -> Subscriber | None:
    """The reader whose issue carried this link."""
    found = tokens.delivery(session, site, "preferences", token)
    return None if found is None else session.get(Subscriber, found[0].subscriber_id)


ROUTES: list[BaseRoute] = [
    Route("/preferences/{token}", show, methods=["GET"]),
    Route("/preferences/{token}", forms.post(save), methods=["POST"]),
]
