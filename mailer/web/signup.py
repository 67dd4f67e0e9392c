"""Subscribing: ask, then confirm from the mail (double opt-in).

The answer to a request is the same whether the address is known or not, and the mail goes out after
the answer, so that neither words nor time tell.
"""

from datetime import timedelta

from sqlalchemy.orm import Session
from starlette.background import BackgroundTask
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailer import transactional
from mailer.web import forms, live_preview, security, tokens
from mailer.web.live_preview import Line
from mailer.web.preferences_form import PreferencesForm, frequencies, text_boxes
from mailer.web.site import Site, of
from recommender.errors import NewsletterError
from recommender.models import Status, Subscriber
from recommender.storage import database
from recommender.subscribers import address_change, fields, self_service
from recommender.subscribers.fields import SubscriberDraft

CONFIRM_WITHIN = timedelta(days=7)
MANAGE_WITHIN = timedelta(hours=2)
READS = (Status.ACTIVE, Status.PAUSED)
SHOWN = 24
"""Names of each kind that are seen at once; the others are folded away."""


def show(request: Request) -> Response:
    """The form."""
    return _form(of(request))


def _form(
    site: Site,
    status: int = 200,
    message: str = "",
    email: str = "",
    chosen: PreferencesForm | None = None,
    preview: list[Line] | None = None,
) -> Response:
    chosen, now = chosen or PreferencesForm.empty(), site.clock()
    topics, roles = (
        site.vocabulary_search.names("topic", now),
        site.vocabulary_search.names("role", now),
    )
    return site.page(
        "subscribe.html",
        status,
        message=message,
        email=email,
        chosen=chosen,
        preview=preview,
        topics=[*chosen.topics, *(name for name in topics if name not in chosen.topics)],
        roles=[*chosen.roles, *(name for name in roles if name not in chosen.roles)],
        shown=SHOWN,
        frequencies=frequencies(site.language),
        text_boxes=text_boxes(),
    )


def ask(request: Request, form: FormData) -> Response:
    """Take the form and mail a link, if there is anything to mail; or only show what it brings."""
    site = of(request)
    email = forms.text(form, "email", 320)
    chosen = None
    try:
        chosen = PreferencesForm.sent(form, site.language.tag)
        if forms.text(form, "action", 20) == "preview":
            return _preview(request, site, form, email, chosen)
        draft = fields.draft(0, {**chosen.values, "email": email})
        with database.reading(site.engine) as session:
            self_service.known(session, "role", draft.roles or ())
            self_service.known(session, "topic", draft.topics or {})
    except ValueError as error:
        return _form(site, 400, forms.complaint(error, site.language), email, chosen)
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
    if not site.limits.allow(draft.email, forms.client(request)):
        return too_often(site)
    done.background = BackgroundTask(_answer, site, draft, forms.client(request))
    return done


def _preview(
    request: Request, site: Site, form: FormData, email: str, chosen: PreferencesForm
) -> Response:
    """What the first issue would hold."""
    if not site.limits.look(forms.client(request)):
        return too_often(site)
    found = live_preview.lines(site, None, chosen)
    if found is None:
        return live_preview.busy(site)
    if forms.text(form, "part", 10):
        return live_preview.part(site, found)
    return _form(site, 200, "", email, chosen, found)


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
            reader = self_service.request(session, draft, now=now, proof=proof)
            if reader is None:
                return
            known = reader.status in READS
            if not known:  # one open confirmation: links that were mailed before are void
                address_change.revoke(reader)
                reader.updated_at = now
            identifier, email = reader.id, reader.email
            link = site.links.confirm(identifier, reader.link_key, now + CONFIRM_WITHIN)
            site = site.speaking(reader.locale)
        if known:
            mail_choices(site, identifier)
            return
        _, title = site.language.text, site.settings.title
        message = transactional.compose(
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
        transactional.send(site.settings, message, now)
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
    message = transactional.compose(
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
        transactional.send(site.settings, message, now)
    except NewsletterError as error:
        security.log.error("preferences: the mail could not be sent: %s", error)


def confirm_page(request: Request) -> Response:
    """One button: programs that follow links confirm nothing."""
    site = of(request)
    token = request.path_params["token"]
    with database.reading(site.engine) as session:
        found = tokens.owner(session, site, "confirm", token)
        if found is None:
            return _done_before(session, site, token)
        site = site.speaking(found[0].locale)
    _ = site.language.text
    return site.notice(
        _("Subscribe to %(title)s?", title=site.settings.title),
        _("You get one issue a week, with the stories that fit what you told us."),
        button=_("Yes, subscribe me"),
    )


def confirm(request: Request, _form: FormData) -> Response:
    """The reader is active from now on, and the link is spent: it opens nothing a second time."""
    site = of(request)
    now = site.clock()
    token = request.path_params["token"]
    if not site.limits.try_once(forms.client(request)):
        return too_often(site)
    with database.writing(site.engine) as session:
        found = tokens.owner(session, site, "confirm", token)
        if found is None:
            return _done_before(session, site, token)
        reader, holder = found
        site = site.speaking(reader.locale)
        proof = {"from": forms.client(request), "token": tokens.fingerprint(token)}
        asked_at = holder.expires - CONFIRM_WITHIN
        if not self_service.confirm(session, reader, now=now, proof=proof, asked_at=asked_at):
            return site.broken_link()
        address_change.revoke(reader)
        manage = site.links.manage(reader.id, reader.link_key, now + MANAGE_WITHIN)
    _ = site.language.text
    return site.notice(
        _("You are subscribed"),
        _("Welcome. Your next issue is chosen for you from what you told us."),
        links={_("Change what you get"): manage},
    )


def _done_before(session: Session, site: Site, token: str) -> Response:
    """The answer to a link that cannot confirm: that it has, if so; it opens nothing any more."""
    reader = tokens.confirmed_with(session, site, token)
    if reader is None or reader.status not in READS:
        return site.broken_link()
    site = site.speaking(reader.locale)
    _ = site.language.text
    return site.notice(
        _("You are subscribed"),
        _("This was confirmed before. Any of your issues brings you a link to your choices."),
    )


ROUTES: list[BaseRoute] = [
    Route("/subscribe", show, methods=["GET"]),
    Route("/subscribe", forms.post(ask), methods=["POST"]),
    Route("/confirm/{token}", confirm_page, methods=["GET"]),
    Route("/confirm/{token}", forms.post(confirm), methods=["POST"]),
]
