"""The editors' page: note and subject of an edition with a preview, and holds and pins of stories
with what a pin costs; of any newsletter of the store.

For editors and admins; the name by which they signed in is kept with what they say. It is in
English only, and works without JavaScript.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from mailer.edition import edition_edits, planning
from mailer.issue import notes, plaintext, wording
from mailer.preview import drafts, pin_cost, test_copies
from mailer.preview.drafts import Draft
from mailer.web import edited_edition, forms, security
from mailer.web.admission import operator, signed_in, signed_in_form
from mailer.web.site import Site
from recommender import segments
from recommender.articles import edits
from recommender.articles.story_edits import UNEDITED, Pin
from recommender.errors import ConflictError, NewsletterError, NotFoundError
from recommender.models import Article, EditionEditKind, EditKind, Story, UserRole
from recommender.storage import database

LONGEST_ADDRESS = 320
SHOWN = 30
"""Stories on the page: the latest, or those with the words that were looked for."""


@dataclass(frozen=True)
class Wanted:
    """What the page is about: an edition, a segment ('': everybody), words of a title."""

    newsletter: str
    period: str
    segment: str
    search: str

    @property
    def query(self) -> str:
        return urlencode(vars(self))


def show(request: Request, site: Site) -> Response:
    """What holds for an edition and its stories; of a story just ``pinned``, what that costs."""
    asked = request.query_params
    site, found = _wanted(site, asked)
    return _page(site, found, said=_cost(site, found, asked.get("pinned", "")))


def change(request: Request, site: Site, form: FormData) -> Response:
    """Save the note and subject, show or send what they would look like, or change one story."""
    site, found = _wanted(site, form)
    who = operator(request).name
    action, story = forms.text(form, "action"), forms.text(form, "story")
    try:
        if action == "preview":
            return _preview(site, found, *_texts(form))
        if action == "test":
            return _test(site, found, form, who)
        with database.writing(site.engine) as session:
            if action == "save":
                _save(session, site, found, *_texts(form), who=who)
            else:
                _edit(session, site, found, action, story, who)
    except (NewsletterError, ValueError) as error:
        return _page(site, found, edited_edition.complaint(error), form)
    query = found.query
    if action == "pin":
        query += "&" + urlencode({"pinned": story})
    return RedirectResponse(f"{site.path('/admin/editing')}?{query}", 303)


def _wanted(site: Site, asked: Mapping[str, Any]) -> tuple[Site, Wanted]:
    """What is asked for, and the site as that of its newsletter."""
    given = {name: str(asked.get(name, ""))[:100] for name in Wanted.__annotations__}
    site = edited_edition.publishing(site, given["newsletter"])
    with database.reading(site.engine) as session:
        period = edited_edition.wanted_period(session, site, given["period"])
    given |= {"newsletter": site.settings.newsletter, "period": period}
    return site, Wanted(**given)


def _cost(site: Site, found: Wanted, story: str) -> str:
    """What a story costs that was just pinned, for the editor who did it."""
    if not story:
        return ""
    with database.reading(site.engine) as session:
        try:
            row = edits.find(session, story[:200])
            cost = pin_cost.cost(
                session, site.settings, row.id,
                period=found.period, now=site.clock(), segment=found.segment or None,
            )  # fmt: skip
        except NotFoundError:
            return ""
        title = edits.current(session, site.clock()).get(row.id, UNEDITED).title or row.title
    if cost is None:
        return f"“{title}” is pinned, but cannot be chosen now: it is held, or not of this time."
    return f"“{title}” is pinned: {cost.sentence()}."


def _texts(form: FormData) -> tuple[str, str]:
    """Subject and note as they were written. ValueError when one is too long."""
    subject = plaintext.clean(forms.text(form, "subject", 1_000))
    if len(subject) > wording.LONGEST_SUBJECT:
        raise ValueError(f"The subject has more than {wording.LONGEST_SUBJECT} characters.")
    note = forms.text(form, "note", 4 * notes.LONGEST)
    return subject, notes.check(note) if note else ""


def _save(
    session: Session, site: Site, found: Wanted, subject: str, note: str, *, who: str
) -> None:
    newsletter = planning.newsletter_of(session, site.settings)
    segment = found.segment or None
    said = edition_edits.current(session, newsletter.name, found.period)
    wanted = (
        (EditionEditKind.SUBJECT, None, said.subject, subject),
        (EditionEditKind.NOTE, segment, said.notes.get(segment, ""), note),
    )
    for kind, whose, before, after in wanted:
        if before != after:
            edition_edits.make(
                session, newsletter, found.period, kind, after or None,
                by=who, now=site.clock(), segment=whose,
            )  # fmt: skip


def _edit(session: Session, site: Site, found: Wanted, action: str, story: str, who: str) -> None:
    row, now = edits.find(session, story), site.clock()
    if action == "hold":
        edits.make(session, row, EditKind.HOLD, by=who, now=now)
    elif action == "pin":
        segment = found.segment or None
        if segment is not None:
            segments.get(session, segment)
        pin = Pin(found.period, segment, found.newsletter)
        before = edits.pinned_already(session, row, pin)
        if before is not None:
            raise ConflictError(
                f"It is pinned already, by {before.made_by} on {before.made_at:%Y-%m-%d}."
            )
        edits.make(session, row, EditKind.PIN, by=who, now=now, pin=pin)
    elif action in ("release", "unpin"):
        edits.release(session, row, by=who, now=now)
    else:
        raise ValueError("There is no such button.")


def _preview(site: Site, found: Wanted, subject: str, note: str) -> Response:
    page = _draft(site, found, subject, note).page
    return HTMLResponse(page.html, headers={"Content-Security-Policy": security.ISSUES})


def _draft(site: Site, found: Wanted, subject: str, note: str) -> Draft:
    segment = found.segment or None
    with database.reading(site.engine) as session:
        return drafts.issue(
            session, site.settings, found.period,
            subject=subject, notes={segment: note}, segment=segment, now=site.clock(),
        )  # fmt: skip


def _test(site: Site, found: Wanted, form: FormData, who: str) -> Response:
    """Send what is written to an address; it stays in the form, saved or not."""
    address = test_copies.recipient(forms.text(form, "address", LONGEST_ADDRESS))
    draft = _draft(site, found, *_texts(form))
    if not site.limits.test(who):
        raise ConflictError("you have had many test copies sent; wait an hour")
    test_copies.send(site.settings, draft.message(address, site.clock()), address)
    return _page(site, found, form=form, said=f"A test copy is on its way to {address}.")


def _page(
    site: Site,
    found: Wanted,
    complaint: str = "",
    form: FormData | None = None,
    said: str = "",
) -> Response:
    segment = found.segment or None
    with database.reading(site.engine) as session:
        shown: dict[str, Any] = {
            "edition": edited_edition.of(session, site, found.period),
            "periods": edited_edition.choices(session, site, found.period),
            "newsletters": edited_edition.titles(session, site),
        }
        texts = edition_edits.current(session, site.settings.newsletter, found.period)
        document = edition_edits.document(session, site.settings.newsletter, found.period)
        sent = edited_edition.sent(session, site, found.period)
        names = [one.name for one in segments.listing(session)]
        stories = _stories(session, site, found) if shown["edition"].open else []
    for one in document["notes"]:
        one["blocks"] = notes.parse(one["text"])
    written = {"subject": texts.subject, "note": texts.notes.get(segment, ""), "address": ""}
    if form is not None:
        written |= {name: str(form.get(name, held)) for name, held in written.items()}
    return site.page(
        "admin_editing.html",
        400 if complaint else 200,
        wanted=found,
        segments=names,
        written=written,
        document=document,
        said=said,
        sent=sent,
        stories=stories,
        **shown,
        complaint=complaint,
    )


def _stories(session: Session, site: Site, found: Wanted) -> list[dict[str, Any]]:
    now = site.clock()
    said = edits.current(session, now)
    when = sa.func.coalesce(Article.published_at, Article.imported_at)
    query = (
        sa.select(Story, Article.key, Article.source, when.label("at"))
        .join(Article, Article.id == Story.article_id)
        .where(Story.retired_at.is_(None), Article.withdrawn_at.is_(None))
        .order_by(when.desc(), Article.id.desc(), Story.position)
    )
    if found.search:
        words = sa.func.lower(Story.title).contains(found.search.lower(), autoescape=True)
        query = query.where(words)
    return [
        {
            "id": f"{article}/{story.key}",
            "title": said.get(story.id, UNEDITED).title or story.title,
            "from": " · ".join(filter(None, (source, f"{at.day} {at:%B %Y}"))),
            "edited": said.get(story.id, UNEDITED).edited,
            "limits": (limits := list(said.get(story.id, UNEDITED).limits(now))),
            "actions": _actions(limits),
        }
        for story, article, source, at in session.execute(query.limit(SHOWN))
    ]


def _actions(limits: Sequence[str]) -> list[tuple[str, str]]:
    """The buttons of a story: to hold or pin it, or to end what holds."""
    if any(one.startswith("held") for one in limits):
        return [("release", "Release")]
    if any(one.startswith("pinned") for one in limits):
        return [("unpin", "Unpin")]
    return [("hold", "Hold"), ("pin", "Pin")]


ROUTES: list[BaseRoute] = [
    Route("/admin/editing", signed_in(show, UserRole.EDITOR), methods=["GET"]),
    Route("/admin/editing", signed_in_form(change), methods=["POST"]),
]
