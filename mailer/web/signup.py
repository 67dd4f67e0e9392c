"""Subscribing: ask, then confirm from the mail (double opt-in).

The answer to a request is the same whether the address is known or not, and the mail goes out after
the answer, so that neither words nor time tell.
"""

from datetime import timedelta
from typing import Any

from starlette.background import BackgroundTask
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailer import transactional
from mailer.issue import pictures, wording
from mailer.web import archive, forms, security
from mailer.web.preferences_form import PreferencesForm
from mailer.web.site import Site, of
from recommender.errors import NewsletterError
from recommender.models import Status
from recommender.storage import database
from recommender.subscribers import address_change, fields, records, self_service
from recommender.subscribers.fields import SubscriberDraft

CONFIRM_WITHIN = timedelta(days=7)
MANAGE_WITHIN = timedelta(hours=2)
READS = (Status.ACTIVE, Status.PAUSED)
SAMPLE = 4
"""Stories of the latest issue that a stranger sees."""
NOBODY: dict[str, Any] = {"roles": (), "topics": {}}


def show(request: Request) -> Response:
    """The form."""
    return _form(of(request))


def _form(
    site: Site,
    status: int = 200,
    message: str = "",
    email: str = "",
    chosen: PreferencesForm | None = None,
) -> Response:
    chosen = chosen or PreferencesForm.empty()
    edition, sample = archive.latest(site)
    if not sample:
        sample = [one.story for one in site.previews.picks(None, **NOBODY, now=site.clock()) or ()]
    return site.page(
        "subscribe.html",
        status,
        message=message,
        email=email,
        chosen=chosen,
        edition=edition,
        stories=site.settings.picks,
        cadence=wording.cadence(site.settings.schedule, site.language),
        sample=sample[:SAMPLE],
        picture=pictures.shown(sample[0]) if sample else None,
    )


def ask(request: Request, form: FormData) -> Response:
    """Take the form and mail a link, if there is anything to mail."""
    site = of(request)
    email = forms.text(form, "email", 320)
    chosen = None
    try:
        chosen = PreferencesForm.sent(form, site.language.tag)
        draft = fields.draft(0, {**chosen.values, "email": email})
        with database.reading(site.engine) as session:
            self_service.known(session, "role", draft.roles or ())
            self_service.known(session, "topic", draft.topics or {})
    except ValueError as error:
        return _form(site, 400, forms.complaint(error, site.language), email, chosen)
    _ = site.language.text
    done = site.notice(
        _("Check your inbox"),
        _(
            "A link is on its way to %(address)s. Open it to confirm: no issue is sent before you "
            "have.",
            address=draft.email,
        ),
        _(
            "If the address is subscribed already, the link opens its choices. If mail to it is "
            "blocked, nothing arrives."
        ),
        site.naming(
            "Nothing there after a few minutes? Look for %(title)s in the spam folder, or ask "
            "again.",
            title=site.settings.title,
        ),
        links={
            _("Read past issues meanwhile"): site.path("/archive"),
            _("Ask again, or use another address"): site.path("/subscribe"),
        },
    )
    if forms.text(form, "website"):  # a field that people do not see: this was a program
        return done
    if not site.limits.allow(draft.email, forms.client(request)):
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
                    "You asked for %(title)s at %(address)s. Please confirm:",
                    title=title,
                    address=email,
                ),
                link,
                _("The link is good for %(days)s days.", days=CONFIRM_WITHIN.days),
                _("If it was not you, do nothing: nothing will be sent to you."),
            ],
            now,
            site.language,
            heading=_("Confirm your subscription"),
            button=_("Confirm subscription"),
        )
        transactional.send(site.settings, message, now)
    except NewsletterError as error:
        security.log.error("subscribe: the mail could not be sent: %s", error)


def mail_choices(site: Site, identifier: int) -> None:
    """Mail the reader a link to what they chose, good for a while."""
    now = site.clock()
    with database.writing(site.engine) as session:
        reader = records.lock(session, identifier)
        if reader is None:
            return
        reader.last_active_at = now
        session.flush()
        session.expunge(reader)
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
        button=_("Change what you get"),
    )
    try:
        transactional.send(site.settings, message, now)
    except NewsletterError as error:
        security.log.error("preferences: the mail could not be sent: %s", error)


ROUTES: list[BaseRoute] = [
    Route("/subscribe", show, methods=["GET"]),
    Route("/subscribe", forms.post(ask), methods=["POST"]),
]
