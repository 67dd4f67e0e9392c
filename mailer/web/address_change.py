"""A change of address: a link to the new one, a note to the old one once it is done.

The answers are the same whether somebody else has the new address or not.
"""

from datetime import timedelta

from sqlalchemy.orm import Session
from starlette.background import BackgroundTask
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailer import transactional
from mailer.links import TokenError
from mailer.web import forms, security, signup
from mailer.web.site import Site, of
from recommender.errors import NewsletterError
from recommender.models import AddressChange, Subscriber
from recommender.storage import database
from recommender.subscribers import address_change, records
from recommender.subscribers.address_change import ChangeRequest

CONFIRM_WITHIN = timedelta(days=2)


def ask(request: Request, site: Site, identifier: int, form: FormData) -> Response | str:
    """Keep the wanted address and mail a link to it; or, in a sentence, what is wrong with it."""
    _ = site.language.text
    address = forms.text(form, "email", 320)
    try:
        with database.reading(site.engine) as session:
            reader = session.get(Subscriber, identifier)
            if reader is None:
                return site.broken_link()
            email = address_change.possible(reader, address)
        # Before anything is changed: a request too many leaves the link mailed before as it is.
        if not site.limits.allow_move(identifier, email, forms.client(request)):
            return signup.too_often(site)
        with database.writing(site.engine) as session:
            reader = records.lock(session, identifier)
            if reader is None:
                return site.broken_link()
            change = address_change.ask(session, reader, address, now=site.clock())
    except ValueError as error:
        if str(error) == address_change.SAME:
            return _("This is the address you have.")
        return forms.complaint(error, site.language)
    done = site.notice(
        _("Look into your new mailbox"),
        _(
            "If %(address)s can be used, a message is on its way to it. Open the link in it within "
            "two days. Until then everything stays as it is.",
            address=change.email,
        ),
    )
    done.background = BackgroundTask(_mail, site, identifier, change)
    return done


def _mail(site: Site, identifier: int, change: ChangeRequest) -> None:
    _, title, now = site.language.text, site.settings.title, site.clock()
    subject = _("Please confirm your new address: %(title)s", title=title)
    button = ""
    if change.mail == "link":
        button = _("Confirm the new address")
        paragraphs = [
            _("From now on %(title)s is to be sent to this address. Confirm it here:", title=title),
            site.links.address(identifier, change.key, now + CONFIRM_WITHIN),
            _("If it was not you, do nothing: nothing will be sent to you."),
        ]
    elif change.mail == "taken":
        paragraphs = [
            _(
                "Somebody, probably you, asked that %(title)s be sent to this address from now on. "
                "It is already: nothing was changed.",
                title=title,
            )
        ]
    else:
        return
    _send(site, change.email, subject, paragraphs, button)


def _send(site: Site, email: str, subject: str, paragraphs: list[str], button: str = "") -> None:
    now = site.clock()
    try:
        message = transactional.compose(
            site.settings, email, subject, paragraphs, now, site.language, button=button
        )
        transactional.send(site.settings, message, now)
    except NewsletterError as error:
        security.log.error("address: the mail could not be sent: %s", error)


def confirm_page(request: Request) -> Response:
    """One button: programs that follow links confirm nothing."""
    site = of(request)
    with database.reading(site.engine) as session:
        found = _wanted(session, site, request.path_params["token"])
        if found is None:
            return site.broken_link()
        site = site.speaking(session.get_one(Subscriber, found.subscriber_id).locale)
    _ = site.language.text
    return site.notice(
        _("Use this address?"),
        site.naming(
            "From then on %(title)s is sent to %(address)s, and no more to the address before.",
            title=site.settings.title,
            address=found.email,
        ),
        button=_("Yes, use this address"),
    )


def confirm(request: Request, _form: FormData) -> Response:
    """The reader has shown that the new address is theirs."""
    site = of(request)
    now = site.clock()
    with database.writing(site.engine) as session:
        found = _wanted(session, site, request.path_params["token"])
        if found is None:
            return site.broken_link()
        reader = session.get_one(Subscriber, found.subscriber_id)
        site = site.speaking(reader.locale)
        before = address_change.move(
            session, found, now=now, proof={"from": forms.client(request), "page": "address"}
        )
        if before is None:
            return site.broken_link()
        manage = site.links.manage(reader.id, reader.link_key, now + signup.MANAGE_WITHIN)
    _ = site.language.text
    done = site.notice(
        _("Your address is changed"),
        _("Your next issue comes to it. Links of yours that were mailed before are void."),
        links={_("Change what you get"): manage},
    )
    done.background = BackgroundTask(_note, site, before)
    return done


def _note(site: Site, before: str) -> None:
    """Tell the old address, in case it was somebody else."""
    _, title = site.language.text, site.settings.title
    _send(
        site,
        before,
        _("Your address was changed: %(title)s", title=title),
        [
            _("From now on %(title)s is sent to another address, as you asked.", title=title),
            _("If it was not you, answer this message, and we put it right."),
        ],
    )


def _wanted(session: Session, site: Site, token: str) -> AddressChange | None:
    try:
        holder = site.links.holder("address", token, site.clock())
    except TokenError:
        return None
    if records.lock(session, holder.subscriber_id) is None:
        return None
    return address_change.wanted(session, holder.subscriber_id, holder.key)


ROUTES: list[BaseRoute] = [
    Route("/address/{token}", confirm_page, methods=["GET"]),
    Route("/address/{token}", forms.post(confirm), methods=["POST"]),
]
