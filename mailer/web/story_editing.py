"""The page of one story for editors: its title, topics, roles, address, embargo and expiry, with a
preview that saves nothing, and who said what of it. In English only; it works without JavaScript.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from mailer.preview import drafts
from mailer.web import edited_edition, forms, security
from mailer.web.admission import operator, signed_in, signed_in_form
from mailer.web.site import Site
from recommender.articles import edit_values, edits
from recommender.articles.edits import StoryEdits
from recommender.errors import NewsletterError, NotFoundError
from recommender.models import EditKind, Story, UserRole
from recommender.storage import database

FIELDS: tuple[tuple[EditKind, str, str], ...] = (
    (EditKind.TITLE, "Title", ""),
    (EditKind.TOPICS, "Topics", "with commas between"),
    (EditKind.ROLES, "Best for", "with commas between"),
    (EditKind.URL, "Link", ""),
    (EditKind.NOT_BEFORE, "Not before", "2026-12-01 or 2026-12-01T08:00"),
    (EditKind.NOT_AFTER, "Not after", "that day too"),
)
"""What can be said of a story here: kind, label, hint."""
LONGEST = 2_000
Texts = Mapping[EditKind, str]


def show(request: Request, site: Site) -> Response:
    """What holds for a story."""
    asked = request.query_params
    site = edited_edition.publishing(site, asked.get("newsletter", ""))
    return _page(site, asked.get("id", ""))


def change(request: Request, site: Site, form: FormData) -> Response:
    """Save what was changed, or show what it would look like."""
    site = edited_edition.publishing(site, forms.text(form, "newsletter"))
    story = forms.text(form, "id", LONGEST)
    given = {kind: forms.text(form, kind.value, LONGEST) for kind, _, _ in FIELDS}
    who = operator(request).name
    try:
        if forms.text(form, "action") == "preview":
            return _preview(site, story, given)
        with database.writing(site.engine) as session:
            _save(session, site, story, given, who)
    except NotFoundError:
        return _page(site, story)
    except (NewsletterError, ValueError) as error:
        return _page(site, story, edited_edition.complaint(error), given)
    query = urlencode({"newsletter": site.settings.newsletter, "id": story})
    return RedirectResponse(f"{site.path('/admin/editing/story')}?{query}", 303)


def _said(session: Session, row: Story, now: datetime) -> StoryEdits:
    return edits.current(session, now).get(row.id, StoryEdits())


def _texts(said: StoryEdits, site: Site) -> Texts:
    """What holds, as it is typed."""
    texts: dict[EditKind, str] = {}
    for kind, _, _ in FIELDS:
        value = getattr(said, kind.value)
        if isinstance(value, datetime):
            value = f"{value.astimezone(site.settings.zone):%Y-%m-%dT%H:%M}"
        texts[kind] = ", ".join(value) if isinstance(value, list) else value or ""
    return texts


def _changed(site: Site, said: StoryEdits, given: Texts) -> dict[EditKind, Any]:
    """The values of what is other than it was; an empty one takes an edit back. ValueError names
    the field that is wrong."""
    before, now = _texts(said, site), site.clock()
    values: dict[EditKind, Any] = {}
    for kind, label, _ in FIELDS:
        if given[kind] == before[kind]:
            continue
        try:
            values[kind] = edit_values.checked(kind, given[kind], site.settings.zone, now)
        except ValueError as error:
            raise ValueError(f"{label}: {error}") from error
    return values


def _save(session: Session, site: Site, story: str, given: Texts, who: str) -> None:
    row, now = edits.find(session, story), site.clock()
    for kind, value in _changed(site, _said(session, row, now), given).items():
        if value:
            edits.make(session, row, kind, value, by=who, now=now)
        else:
            edits.end(session, row, [kind], by=who, now=now)


def _preview(site: Site, story: str, given: Texts) -> Response:
    now = site.clock()
    with database.reading(site.engine) as session:
        row = edits.find(session, story)
        changed = _changed(site, _said(session, row, now), given)
        source = {EditKind.TITLE: row.title, EditKind.URL: row.url or row.article.url}
        shown = {kind.value: changed[kind] or source[kind] for kind in source if kind in changed}
        page = drafts.issue(
            session, site.settings, edited_edition.wanted_period(session, site, ""),
            subject="", notes={}, segment=None, now=now, lead=(row.id, shown),
        )  # fmt: skip
    return HTMLResponse(page.html, headers={"Content-Security-Policy": security.ISSUES})


def _page(site: Site, story: str, complaint: str = "", given: Texts | None = None) -> Response:
    now = site.clock()
    with database.reading(site.engine) as session:
        try:
            row = edits.find(session, story)
        except NotFoundError as error:
            return site.notice("Not found", edited_edition.complaint(error), status=404)
        said = _said(session, row, now)
        source = {
            EditKind.TITLE: row.title,
            EditKind.URL: row.url or row.article.url or "",
            EditKind.TOPICS: ", ".join(topic.topic.name for topic in row.topics),
            EditKind.ROLES: ", ".join(role.role.name for role in row.roles),
        }
        texts = given or _texts(said, site)
        return site.page(
            "admin_story.html",
            400 if complaint else 200,
            story=f"{row.article.key}/{row.key}",
            title=said.title or row.title,
            words=list(said.words(now)),
            rows=[
                {"name": kind.value, "label": label, "hint": hint, "value": texts[kind],
                 "source": source.get(kind, "")}
                for kind, label, hint in FIELDS
            ],
            history=edits.history(session, row.id),
            complaint=complaint,
        )  # fmt: skip


ROUTES: list[BaseRoute] = [
    Route("/admin/editing/story", signed_in(show, UserRole.EDITOR), methods=["GET"]),
    Route("/admin/editing/story", signed_in_form(change), methods=["POST"]),
]
