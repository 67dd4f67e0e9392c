"""What a reader chose, to be looked at, changed and saved.

An issue can be forwarded, so the link in it opens nothing: it offers to mail a fresh link to the
reader. That one (``manage``) is good for two hours, and can be revoked.
"""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session
from starlette.background import BackgroundTask
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailer import localization
from mailer.web import (
    address_change,
    forms,
    live_preview,
    newsletter_choice,
    next_issue,
    privacy,
    role_parts,
    signup,
    tokens,
)
from mailer.web.live_preview import Line
from mailer.web.preferences_form import (
    PreferencesForm,
    frequencies,
    hours,
    levels,
    standard,
    story_languages,
    text_boxes,
    zones,
)
from mailer.web.site import Site, of
from recommender.models import Status, Subscriber
from recommender.settings import DAYS
from recommender.storage import database
from recommender.subscribers import consent, records, self_service
from recommender.subscribers.address_change import MAY_MOVE

LONGEST_PAUSE = 26
"""Weeks."""
LISTED = 500
"""Names a browser is given to complete from where no script runs."""


def show(request: Request) -> Response:
    """The form, for a personal link; for an issue's link, the offer to mail one."""
    site = of(request)
    token = request.path_params["token"]
    with database.reading(site.engine) as session:
        reader = _owner(session, site, token)
        if reader is not None:
            return _form(site.speaking(reader.locale), reader)
        mentioned = _mentioned(session, site, token)
        if mentioned is None:
            return site.broken_link("preferences", token)
        site = site.speaking(mentioned.locale)
    _ = site.language.text
    return site.notice(
        _("Change what you get"),
        _(
            "This issue may have been forwarded, so we mail a private link to the address it was "
            "sent to."
        ),
        button=_("Mail me the link"),
    )


def _form(
    site: Site,
    reader: Subscriber,
    message: str = "",
    status: int = 200,
    chosen: PreferencesForm | None = None,
    preview: list[Line] | None = None,
) -> Response:
    """The page; with ``chosen`` as it was filled in and not saved."""
    chosen = chosen or PreferencesForm.of(reader)
    now = site.clock()
    offering = site.offerings.current(now)
    own = newsletter_choice.got(site, reader)
    weekly = newsletter_choice.all_weekly(own)
    newsletters = newsletter_choice.choices(site, reader)
    return site.page(
        "preferences.html",
        status,
        reader=reader,
        chosen=chosen,
        message=message,
        preview=preview,
        due=next_issue.sentence(site, reader),
        written_in=localization.choose(chosen.locale, site.settings.language),
        stopped=_stopped(site, reader),
        groups=offering.without(chosen.topics),
        offered_roles=list(dict.fromkeys((*chosen.roles, *offering.roles))),
        topics=site.vocabulary_search.names("topic", now)[:LISTED],
        roles=site.vocabulary_search.names("role", now)[:LISTED],
        part_shown=role_parts.sentence(chosen.roles, site.language),
        zones=zones(chosen["timezone"]),
        days=list(zip(DAYS, site.language.weekdays, strict=True)),
        hours=hours(site.settings),
        frequencies=frequencies(site.language, weekly=weekly),
        weekly=weekly,
        levels=levels(site.language),
        text_boxes=text_boxes(),
        story_languages=story_languages(site.language, offering.languages, chosen["languages"]),
        longest_pause=LONGEST_PAUSE,
        may_move=reader.status in MAY_MOVE,
        newsletters=newsletters,
        standard=standard(own, site.language),
    )


def _stopped(site: Site, reader: Subscriber) -> str:
    """Why no issue comes, and until when; empty when issues come."""
    _ = site.language.text
    if reader.status == Status.UNSUBSCRIBED:
        return _("You are unsubscribed.")
    if reader.status != Status.PAUSED:
        return ""
    if reader.paused_until is None:
        return _("Paused.")
    day = reader.paused_until.astimezone(ZoneInfo(reader.timezone or site.settings.timezone))
    return _(
        "Paused until %(day)s; then issues resume automatically.", day=site.language.day(day.date())
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
                return site.broken_link("preferences", token)
            return _mail_link(request, site, found)
        site = site.speaking(reader.locale)
        _ = site.language.text
        action = forms.text(form, "action", 20) or "save"
        if action == "preview":
            return _preview(request, site, reader, form)
        identifier = reader.id
        if action == "erase" and forms.text(form, "sure", 10) != "yes":
            words = _("Nothing was erased: tick the box first.")
            return _form(site, reader, words)
        if action == "address":
            answer = address_change.ask(request, site, identifier, form)
            return answer if isinstance(answer, Response) else _form(site, reader, answer, 400)
    held = {"export": privacy.export, "revoke": privacy.revoke, "erase": privacy.erase}
    if action in held:
        return held[action](site, identifier)
    return _change(site, identifier, action, form, forms.client(request))


def _preview(request: Request, site: Site, reader: Subscriber, form: FormData) -> Response:
    """What the next issue would hold; nothing is saved."""
    if not site.limits.look(forms.client(request)):
        return signup.too_often(site)
    try:
        chosen = PreferencesForm.sent(form, reader.locale or site.language.tag)
    except ValueError as error:
        return _form(site, reader, forms.complaint(error, site.language), 400)
    found = live_preview.lines(site, reader, chosen)
    if found is None:
        return live_preview.busy(site)
    if forms.text(form, "part", 10):
        return live_preview.part(site, found)
    _ = site.language.text
    words = _("Not saved yet. This is what your next issue would hold.")
    return _form(site, reader, words, chosen=chosen, preview=found)


def _mail_link(request: Request, site: Site, reader: Subscriber) -> Response:
    if not site.limits.allow_reader(reader.email, forms.client(request)):
        return signup.too_often(site)
    site = site.speaking(reader.locale)
    _ = site.language.text
    done = site.notice(
        _("Check your inbox"),
        _(
            "A private link is on its way to the address this issue was sent to. It is good for "
            "two hours."
        ),
        site.naming(
            "Nothing there after a few minutes? Look for %(title)s in the spam folder, or ask "
            "again.",
            title=site.settings.title,
        ),
        links={_("Read past issues meanwhile"): site.path("/archive")},
    )
    if reader.status in (Status.ACTIVE, Status.PAUSED):
        done.background = BackgroundTask(signup.mail_choices, site, reader.id)
    return done


def _change(site: Site, identifier: int, action: str, form: FormData, client: str) -> Response:
    now = site.clock()
    proof = {"page": "preferences", "from": client}
    with database.writing(site.engine) as session:
        reader = records.lock(session, identifier)
        if reader is None:
            return site.broken_link()
        site = site.speaking(reader.locale)
        _ = site.language.text
        message = ""
        reader.last_active_at = now
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
            self_service.pause(session, reader, until, now=now, proof=proof)
        else:
            return _save(site, session, reader, form, proof)
        session.flush()
        session.expire(reader)
        return _form(site, reader, message)


def _save(
    site: Site, session: Session, reader: Subscriber, form: FormData, proof: dict[str, Any]
) -> Response:
    """All or, with a word on what is wrong, nothing."""
    _, now = site.language.text, site.clock()
    chosen = None
    try:
        chosen = PreferencesForm.sent(form, reader.locale or site.language.tag)
        if "newsletters" in form and not newsletter_choice.any_ticked(site, reader, form):
            words = _("Not saved. Choose at least one newsletter, or unsubscribe.")
            return _form(site, reader, words, 400, chosen)
        self_service.choose(session, reader, roles=chosen.roles, topics=chosen.topics, now=now)
    except ValueError as error:
        why = forms.complaint(error, site.language)
        return _form(site, reader, _("Not saved. %(why)s", why=why), 400, chosen)
    if "newsletters" in form:  # a page offers them where there is more than one
        newsletter_choice.change(site, session, reader, form, proof)
    chosen.keep(reader)
    session.flush()
    session.expire(reader)
    site = site.speaking(reader.locale)
    _ = site.language.text
    return _form(site, reader, _("Saved. Your next issue follows your new choices."))


def _pause_until(form: FormData, now: datetime) -> datetime:
    weeks = forms.text(form, "weeks", 3)
    number = int(weeks) if weeks.isascii() and weeks.isdigit() else 1
    return now + timedelta(weeks=min(max(number, 1), LONGEST_PAUSE))


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
