"""The editors' page: note and subject of an edition with a preview, and holds and pins of stories.

For editors and admins; the name by which they signed in is kept with what they say. It is in
English only, and works without JavaScript.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from mailer.edition import edition_edits, planning, schedule
from mailer.issue import notes, plaintext, wording
from mailer.preview import drafts, upcoming
from mailer.web import forms, security
from mailer.web.admission import operator, signed_in, signed_in_form
from mailer.web.site import Site
from recommender import segments
from recommender.articles import edits
from recommender.articles.edits import UNEDITED
from recommender.errors import ConflictError, NewsletterError
from recommender.models import Article, EditionEditKind, EditKind, Story, UserRole
from recommender.storage import database

SHOWN = 30
"""Stories on the page: the latest, or those with the words that were looked for."""


@dataclass(frozen=True)
class Wanted:
    """What the page is about: an edition, a segment ('': everybody), words of a title."""

    period: str
    segment: str
    search: str

    @property
    def query(self) -> str:
        return urlencode({"period": self.period, "segment": self.segment, "search": self.search})


def show(request: Request, site: Site) -> Response:
    """What holds for an edition and its stories."""
    asked = request.query_params
    found = _wanted(
        site, asked.get("period", ""), asked.get("segment", ""), asked.get("search", "")
    )
    return _page(request, site, found)


def change(request: Request, site: Site, form: FormData) -> Response:
    """Save the note and subject, show what they would look like, or change one story."""
    found = _wanted(
        site, forms.text(form, "period"), forms.text(form, "segment"), forms.text(form, "search")
    )
    who = operator(request).name
    action = forms.text(form, "action")
    try:
        if action == "preview":
            return _preview(site, found, *_texts(form))
        with database.writing(site.engine) as session:
            if action == "save":
                _save(session, site, found, *_texts(form), who=who)
            else:
                _edit(session, site, found, action, forms.text(form, "story"), who)
    except (NewsletterError, ValueError) as error:
        return _page(request, site, found, str(error), form)
    return RedirectResponse(f"{site.path('/admin/editing')}?{found.query}", 303)


def _wanted(site: Site, period: str, segment: str, search: str) -> Wanted:
    current = upcoming.current_period(site.settings, site.clock())
    try:
        period = schedule.check_period(period, site.settings.schedule) if period else current
    except NewsletterError:
        period = current
    return Wanted(period, segment[:100], search[:100])


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
        before = edits.pinned_already(session, row, period=found.period, segment=segment)
        if before is not None:
            raise ConflictError(
                f"It is pinned already, by {before.made_by} on {before.made_at:%Y-%m-%d}."
            )
        edits.make(
            session, row, EditKind.PIN, by=who, now=now, period=found.period, segment=segment
        )
    elif action == "release":
        edits.release(session, row, by=who, now=now)
    else:
        raise ValueError("There is no such button.")


def _preview(site: Site, found: Wanted, subject: str, note: str) -> Response:
    segment = found.segment or None
    with database.reading(site.engine) as session:
        page = drafts.issue(
            session, site.settings, found.period,
            subject=subject, notes={segment: note}, segment=segment, now=site.clock(),
        )  # fmt: skip
    return HTMLResponse(page.html, headers={"Content-Security-Policy": security.ISSUES})


def _page(
    request: Request,
    site: Site,
    found: Wanted,
    complaint: str = "",
    form: FormData | None = None,
) -> Response:
    segment = found.segment or None
    with database.reading(site.engine) as session:
        said = edition_edits.current(session, site.settings.newsletter, found.period)
        document = edition_edits.document(session, site.settings.newsletter, found.period)
        names = [one.name for one in segments.listing(session)]
        stories = _stories(session, site, found)
    subject, note = said.subject, said.notes.get(segment, "")
    if form is not None:
        subject, note = str(form.get("subject", subject)), str(form.get("note", note))
    return site.page(
        "admin_editing.html",
        400 if complaint else 200,
        wanted=found,
        segments=names,
        subject=subject,
        note=note,
        said=document,
        stories=stories,
        complaint=complaint,
        operator=operator(request),
    )


def _stories(session: Session, site: Site, found: Wanted) -> list[dict[str, Any]]:
    now = site.clock()
    said = edits.current(session, now)
    when = sa.func.coalesce(Article.published_at, Article.imported_at)
    query = (
        sa.select(Story, Article.key)
        .join(Article, Article.id == Story.article_id)
        .where(Story.retired_at.is_(None), Article.withdrawn_at.is_(None))
        .order_by(when.desc(), Article.id.desc(), Story.position)
    )
    if found.search:
        words = sa.func.lower(Story.title).contains(found.search.lower(), autoescape=True)
        query = query.where(words)
    rows = session.execute(query.limit(SHOWN)).all()
    return [
        {
            "id": f"{article}/{story.key}",
            "title": said.get(story.id, UNEDITED).title or story.title,
            "edits": list(said.get(story.id, UNEDITED).words(now)),
            "bound": said.get(story.id, UNEDITED).bound,
        }
        for story, article in rows
    ]


ROUTES: list[BaseRoute] = [
    Route("/admin/editing", signed_in(show, UserRole.EDITOR), methods=["GET"]),
    Route("/admin/editing", signed_in_form(change), methods=["POST"]),
]
