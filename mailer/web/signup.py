"""Subscribing: ask, then confirm from the mail (double opt-in).

The answer to a request is the same whether the address is known or not, and the mail goes out after
the answer, so that neither words nor time tell.
"""

from datetime import timedelta

import sqlalchemy as sa
from starlette.background import BackgroundTask
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailer import service_mail
from mailer.web import forms, security, tokens
from mailer.web.site import Site, of
from recommender import database
from recommender.errors import NewsletterError
from recommender.models import Role, Status, Subscriber, SubscriberRole, SubscriberTopic, Topic
from recommender.subscribers import choices, fields
from recommender.subscribers.fields import SubscriberDraft

CONFIRM_WITHIN = timedelta(days=7)
MANAGE_WITHIN = timedelta(hours=2)


def show(request: Request) -> Response:
    """The form."""
    return _form(of(request))


def _form(site: Site, status: int = 200, error: str = "", email: str = "") -> Response:
    topics, roles = vocabulary(site)
    return site.page("subscribe.html", status, error=error, email=email, topics=topics, roles=roles)


def vocabulary(site: Site) -> tuple[list[str], list[str]]:
    """Names of all topics and roles, those that most readers chose first."""
    readers = sa.func.count(SubscriberTopic.subscriber_id)
    workers = sa.func.count(SubscriberRole.subscriber_id)
    with database.reading(site.engine) as session:
        topics = session.scalars(
            sa.select(Topic.name)
            .outerjoin(SubscriberTopic, SubscriberTopic.topic_id == Topic.id)
            .group_by(Topic.id, Topic.name, Topic.key)
            .order_by(readers.desc(), Topic.key)
        ).all()
        roles = session.scalars(
            sa.select(Role.name)
            .outerjoin(SubscriberRole, SubscriberRole.role_id == Role.id)
            .group_by(Role.id, Role.name, Role.key)
            .order_by(workers.desc(), Role.key)
        ).all()
    return list(topics), list(roles)


def ask(request: Request, form: FormData) -> Response:
    """Take the form and mail a link, if there is anything to mail."""
    site = of(request)
    email = forms.text(form, "email", 320)
    try:
        draft = fields.draft(
            0,
            {
                "email": email,
                "name": forms.text(form, "name") or None,
                "roles": forms.names(form, "roles"),
                "topics": forms.topics(form),
                "timezone": forms.text(form, "timezone", 64) or None,
                "locale": forms.locale(form, site.language.tag),
            },
        )
        with database.reading(site.engine) as session:
            choices.known(session, "role", draft.roles or ())
            choices.known(session, "topic", draft.topics or {})
    except ValueError as error:
        return _form(site, 400, forms.complaint(error, site.language), email)
    _ = site.language.text
    done = site.notice(
        _("Look into your mail"),
        _(
            "If %(address)s can be subscribed, a message is on its way to it. Open the link in it "
            "to confirm. Nothing is sent to you before you have.",
            address=draft.email,
        ),
    )
    if forms.text(form, "website"):  # a field that people do not see: this was a program
        return done
    if not site.limits.allow(draft.email.casefold(), forms.client(request)):
        return too_often(site)
    done.background = BackgroundTask(_answer, site, draft, forms.client(request))
    return done


def too_often(site: Site) -> Response:
    """The answer to one request too many."""
    _ = site.language.text
    return site.notice(
        _("Too many requests"),
        _("Please try again in an hour."),
        status=429,
        headers={"Retry-After": "3600"},
    )


def _answer(site: Site, draft: SubscriberDraft, client: str) -> None:
    now = site.clock()
    try:
        with database.writing(site.engine) as session:
            proof = {"from": client}
            reader = choices.request(session, draft, now=now, proof=proof)
            if reader is None:
                return
            known = reader.status in (Status.ACTIVE, Status.PAUSED)
            identifier, email = reader.id, reader.email
            link = site.links.confirm(identifier, reader.link_key, now + CONFIRM_WITHIN)
            site = site.speaking(reader.locale)
        if known:
            mail_choices(site, identifier)
            return
        _, title = site.language.text, site.settings.title
        message = service_mail.compose(
            site.settings,
            email,
            _("Please confirm: %(title)s", title=title),
            [
                _(
                    "Somebody, probably you, asked that %(title)s be sent to this address. Confirm "
                    "it here:",
                    title=title,
                ),
                link,
                _("If it was not you, do nothing: nothing will be sent to you."),
            ],
            now,
            site.language,
        )
        service_mail.send(site.settings, message, now)
    except NewsletterError as error:
        security.log.error("subscribe: the mail could not be sent: %s", error)


def mail_choices(site: Site, identifier: int) -> None:
    """Mail the reader a link to what they chose, good for a while."""
    now = site.clock()
    with database.reading(site.engine) as session:
        reader = session.get(Subscriber, identifier)
    if reader is None:
        return
    site = site.speaking(reader.locale)
    _, title = site.language.text, site.settings.title
    message = service_mail.compose(
        site.settings,
        reader.email,
        _("Your choices: %(title)s", title=title),
        [
            _("You can change here what %(title)s sends you:", title=title),
            site.links.manage(reader.id, reader.link_key, now + MANAGE_WITHIN),
            _("The link is good for two hours, and for you alone: do not forward it."),
        ],
        now,
        site.language,
    )
    try:
        service_mail.send(site.settings, message, now)
    except NewsletterError as error:
        security.log.error("preferences: the mail could not be sent: %s", error)


def confirm_page(request: Request) -> Response:
    """One button: programs that follow links confirm nothing."""
    site = of(request)
    with database.reading(site.engine) as session:
        found = tokens.owner(session, site, "confirm", request.path_params["token"])
        if found is None:
            return site.broken_link()
        site = site.speaking(found[0].locale)
    _ = site.language.text
    return site.notice(
        _("Subscribe to %(title)s?", title=site.settings.title),
        _("You get one issue a week, with the stories that fit what you told us."),
        button=_("Yes, subscribe me"),
    )


def confirm(request: Request, _form: FormData) -> Response:
    """The reader is active from now on. Confirming twice changes nothing."""
    site = of(request)
    now = site.clock()
    token = request.path_params["token"]
    if not site.limits.try_once(forms.client(request)):
        return too_often(site)
    with database.writing(site.engine) as session:
        found = tokens.owner(session, site, "confirm", token)
        if found is None:
            return site.broken_link()
        reader, holder = found
        site = site.speaking(reader.locale)
        proof = {"from": forms.client(request), "token": token}
        asked_at = holder.expires - CONFIRM_WITHIN
        if not choices.confirm(session, reader, now=now, proof=proof, asked_at=asked_at):
            return site.broken_link()
        manage = site.links.manage(reader.id, reader.link_key, now + MANAGE_WITHIN)
    _ = site.language.text
    return site.notice(
        _("You are subscribed"),
        _("Welcome. Your next issue is chosen for you from what you told us."),
        links={_("Change what you get"): manage},
    )


ROUTES: list[BaseRoute] = [
    Route("/subscribe", show, methods=["GET"]),
    Route("/subscribe", forms.post(ask), methods=["POST"]),
    Route("/confirm/{token}", confirm_page, methods=["GET"]),
    Route("/confirm/{token}", forms.post(confirm), methods=["POST"]),
]
