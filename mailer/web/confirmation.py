"""The second step of subscribing: the page that the mailed link opens.

One button confirms; what the reader follows can be said on the same page, so that the first issue
is made from it already.
"""

from typing import Any

from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailer import localization
from mailer.web import forms, live_preview, next_issue, role_parts, tokens
from mailer.web.live_preview import Line
from mailer.web.preferences_form import PreferencesForm, standard, text_boxes, zones
from mailer.web.signup import CONFIRM_WITHIN, MANAGE_WITHIN, READS, too_often
from mailer.web.site import Site, of
from recommender.models import Subscriber
from recommender.storage import database
from recommender.subscribers import address_change, self_service

LISTED = 500
"""Names a browser is given to complete from where no script runs."""


def show(request: Request) -> Response:
    """One button: programs that follow links confirm nothing."""
    site = of(request)
    token = request.path_params["token"]
    with database.reading(site.engine) as session:
        found = tokens.owner(session, site, "confirm", token)
        if found is None:
            return _done_before(session, site, token)
        return _form(site.speaking(found[0].locale), PreferencesForm.of(found[0]))


def _form(
    site: Site,
    chosen: PreferencesForm,
    status: int = 200,
    message: str = "",
    preview: list[Line] | None = None,
) -> Response:
    now = site.clock()
    offering = site.offerings.current(now)
    return site.page(
        "confirm.html",
        status,
        message=message,
        chosen=chosen,
        preview=preview,
        groups=offering.without(chosen.topics),
        offered_roles=list(dict.fromkeys((*chosen.roles, *offering.roles))),
        topics=site.vocabulary_search.names("topic", now)[:LISTED],
        roles=site.vocabulary_search.names("role", now)[:LISTED],
        part_shown=role_parts.sentence(chosen.roles, site.language),
        zones=zones(chosen["timezone"]),
        standard=standard([site.settings], site.language),
        text_boxes=text_boxes(),
        written_in=localization.choose(chosen.locale, site.language.tag),
    )


def confirm(request: Request, form: FormData) -> Response:
    """The reader is active from now on, with what they chose on the page; the link is spent: it
    opens nothing a second time. ``action=preview`` only looks."""
    site = of(request)
    token = request.path_params["token"]
    action = forms.text(form, "action", 20)
    if action == "preview":
        return _preview(request, site, form, token)
    if not site.limits.try_once(forms.client(request)):
        return too_often(site)
    try:
        return _confirm(request, site, token, form if action else None)
    except ValueError as error:
        with database.reading(site.engine) as session:
            found = tokens.owner(session, site, "confirm", token)
            if found is None:
                return site.broken_link()
            site = site.speaking(found[0].locale)
            words = forms.complaint(error, site.language)
            return _form(site, PreferencesForm.of(found[0]), 400, words)


def _confirm(request: Request, site: Site, token: str, form: FormData | None) -> Response:
    """ValueError, and nothing done, when what the page says is not known."""
    now = site.clock()
    with database.writing(site.engine) as session:
        found = tokens.owner(session, site, "confirm", token)
        if found is None:
            return _done_before(session, site, token)
        reader, holder = found
        proof = {"from": forms.client(request), "token": tokens.fingerprint(token)}
        asked_at = holder.expires - CONFIRM_WITHIN
        if not self_service.confirm(session, reader, now=now, proof=proof, asked_at=asked_at):
            return site.speaking(reader.locale).broken_link()
        if form is not None:
            _choose(session, site.speaking(reader.locale), reader, form)
        address_change.revoke(reader)
        site = site.speaking(reader.locale)
        manage = site.links.manage(reader.id, reader.link_key, now + MANAGE_WITHIN)
        due = next_issue.sentence(site, reader)
    _ = site.language.text
    return site.notice(
        _("You are subscribed"),
        _("Welcome. Your first issue is on its way: check your inbox in a minute.")
        if site.settings.welcome
        else _("Welcome. Your next issue is chosen for you from what you told us."),
        *([due] if due else []),
        links={
            _("Change what you get"): manage,
            _("Read past issues meanwhile"): site.path("/archive"),
        },
    )


def _choose(session: Session, site: Site, reader: Subscriber, form: FormData) -> None:
    """Keep what the page says; what it does not ask stays as it was. ValueError when something is
    not known."""
    before = PreferencesForm.of(reader)
    sent = PreferencesForm.sent(form, reader.locale or site.language.tag)
    asked = {name: sent[name] for name in ("roles", "topics", *_asked(form))}
    chosen = PreferencesForm({**before.values, **asked})
    self_service.choose(session, reader, roles=chosen.roles, topics=chosen.topics, now=site.clock())
    chosen.keep(reader)
    session.flush()


def _asked(form: FormData) -> list[str]:
    known: Any = PreferencesForm.empty().values
    return [name for name in known if name in form]


def _preview(request: Request, site: Site, form: FormData, token: str) -> Response:
    """What the first issue would hold; nothing is kept."""
    if not site.limits.look(forms.client(request)):
        return too_often(site)
    with database.reading(site.engine) as session:
        found = tokens.owner(session, site, "confirm", token)
        if found is None:
            return site.broken_link()
        site = site.speaking(found[0].locale)
    try:
        chosen = PreferencesForm.sent(form, site.language.tag)
    except ValueError as error:
        return _form(site, PreferencesForm.empty(), 400, forms.complaint(error, site.language))
    lines = live_preview.lines(site, None, chosen)
    if lines is None:
        return live_preview.busy(site)
    if forms.text(form, "part", 10):
        return live_preview.part(site, lines)
    return _form(site, chosen, preview=lines)


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
    Route("/confirm/{token}", show, methods=["GET"]),
    Route("/confirm/{token}", forms.post(confirm), methods=["POST"]),
]
