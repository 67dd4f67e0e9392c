"""The page of one story for editors: its texts, picture, topics, roles, address, embargo and expiry
as copies have them now, with a preview that saves nothing, and who changed what. In English only;
it works without JavaScript.
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
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
from recommender.articles import edit_history, edit_values, edits, story_edits
from recommender.articles.story_edits import StoryEdits
from recommender.errors import NewsletterError, NotFoundError
from recommender.models import EditKind, Story, UserRole
from recommender.storage import database
from recommender.story_text import Image

FIELDS: tuple[tuple[EditKind, str, str], ...] = (
    (EditKind.TITLE, "line", ""),
    (EditKind.SUMMARY, "text", ""),
    (EditKind.TAKEAWAY, "text", "the one thing to remember: a sentence or two"),
    (EditKind.INSIGHTS, "points", "what the story found out: one a line"),
    (EditKind.PRACTICE, "points", "what a reader can do: one a line"),
    (EditKind.PRINCIPLES, "points", "what holds beyond this story: one a line"),
    (EditKind.CODE_REFERENCES, "points", "names in code: one a line"),
    (EditKind.IMAGE, "line", "its address, https://…"),
    (EditKind.TOPICS, "text", "with commas between"),
    (EditKind.ROLES, "text", "with commas between"),
    (EditKind.URL, "line", ""),
    (EditKind.NOT_BEFORE, "moment", ""),
    (EditKind.NOT_AFTER, "moment", ""),
)
"""What can be said of a story here: kind, how it is typed, hint."""
ALT = "image_alt"
"""The field of what the picture shows, in words."""
LONGEST = 8_000
Texts = Mapping[str, str]


def show(request: Request, site: Site) -> Response:
    """What holds for a story."""
    asked = request.query_params
    site = edited_edition.publishing(site, asked.get("newsletter", ""))
    return _page(site, asked.get("id", ""))


def change(request: Request, site: Site, form: FormData) -> Response:
    """Save what was changed, or show what it would look like."""
    site = edited_edition.publishing(site, forms.text(form, "newsletter"))
    story = forms.text(form, "id", LONGEST)
    given = {name: forms.text(form, name, LONGEST) for name in (*_names(), ALT)}
    given |= {f"was_{name}": forms.text(form, f"was_{name}") for name in (*_names(), ALT)}
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


def _names() -> list[str]:
    return [kind.value for kind, _, _ in FIELDS]


def _present(row: Story, said: StoryEdits) -> dict[EditKind, Any]:
    """What copies show of a story now, as ``StoryEdits`` has it."""
    edited = {kind: getattr(said, kind.value, None) for kind, _, _ in FIELDS}
    present = edits.source(row) | {kind: one for kind, one in edited.items() if one is not None}
    return present | {EditKind(name): value for name, value in said.parts.items()}


def _texts(row: Story, said: StoryEdits, site: Site) -> dict[str, str]:
    """The same as it is typed."""
    present, zone = _present(row, said), site.settings.zone
    texts = {
        kind.value: edit_values.typed(kind, present.get(kind), zone)
        if kind.value in said.parts or present.get(kind)
        else ""
        for kind, _, _ in FIELDS
    }
    image = present[EditKind.IMAGE]
    return texts | {ALT: "" if image is None else image.alt}


def _changed(site: Site, row: Story, said: StoryEdits, given: Texts) -> dict[EditKind, Any]:
    """The values of what was changed; None takes an edit back, as does the source's own text.
    ValueError names the field that is wrong."""
    before, now, zone = _texts(row, said, site), site.clock(), site.settings.zone
    source = edits.source(row)
    values: dict[EditKind, Any] = {}
    for kind, _, _ in FIELDS:
        names = (kind.value, ALT) if kind == EditKind.IMAGE else (kind.value,)
        if not any(_is_other(name, given, before[name]) for name in names):
            continue
        try:
            value = edit_values.checked(kind, given[kind.value], zone, now)
            if kind == EditKind.IMAGE and value:
                image = _present(row, said)[kind] or source[kind]
                value = edit_values.picture(value["url"], given[ALT], image)
        except ValueError as error:
            raise ValueError(f"{edit_history.LABELS[kind]}: {error}") from error
        same = value is not None and story_edits.part(kind, value) == source.get(kind)
        values[kind] = None if same else value
    return values


def _is_other(name: str, given: Texts, before: str) -> bool:
    """Whether a field was changed: it is other than it was when the page was shown, which may be
    before somebody else changed it, or an import its source."""
    shown = given.get(f"was_{name}") or mark(before)
    return mark(given[name]) != shown


def mark(text: str) -> str:
    """Tells a field's text from another, however a browser ends its lines."""
    return sha256("\n".join(text.split()).encode()).hexdigest()[:16]


def _save(session: Session, site: Site, story: str, given: Texts, who: str) -> None:
    row, now = edits.find(session, story), site.clock()
    for kind, value in _changed(site, row, _said(session, row, now), given).items():
        if value is None:
            edits.end(session, row, [kind], by=who, now=now)
        else:
            edits.make(session, row, kind, value, by=who, now=now)


def _preview(site: Site, story: str, given: Texts) -> Response:
    now = site.clock()
    with database.reading(site.engine) as session:
        row = edits.find(session, story)
        changed = _changed(site, row, _said(session, row, now), given)
        source, shown = edits.source(row), {}
        for kind, value in changed.items():
            if kind in (*story_edits.PARTS, EditKind.TITLE, EditKind.URL):
                found = source[kind] if value is None else story_edits.part(kind, value)
                shown[kind.value] = found.document() if isinstance(found, Image) else found
        draft = drafts.issue(
            session, site.settings, edited_edition.wanted_period(session, site, ""),
            subject="", notes={}, segment=None, now=now, lead=(row.id, shown),
        )  # fmt: skip
    return HTMLResponse(draft.page.html, headers={"Content-Security-Policy": security.ISSUES})


def _page(site: Site, story: str, complaint: str = "", given: Texts | None = None) -> Response:
    now = site.clock()
    with database.reading(site.engine) as session:
        try:
            row = edits.find(session, story)
        except NotFoundError as error:
            return site.notice("Not found", edited_edition.complaint(error), status=404)
        said = _said(session, row, now)
        before = _texts(row, said, site)
        return site.page(
            "admin_story.html",
            400 if complaint else 200,
            story=f"{row.article.key}/{row.key}",
            title=said.title or row.title,
            image=_present(row, said)[EditKind.IMAGE],
            words=list(said.limits(now)),
            rows=_rows(row, said, site, before | dict(given or {})),
            was={name: mark(text) for name, text in before.items()},
            alt=(given or before)[ALT],
            zone=site.settings.timezone,
            history=edit_history.of(session, row, site.settings.zone),
            complaint=complaint,
        )


def _rows(row: Story, said: StoryEdits, site: Site, texts: Texts) -> list[dict[str, Any]]:
    """The fields of the page; ``source`` is what an edited one has in the source."""
    source, zone = edits.source(row), site.settings.zone
    rows = []
    for kind, typed, hint in FIELDS:
        edited = kind.value in said.parts or getattr(said, kind.value, None) is not None
        known = source.get(kind)
        rows.append(
            {
                "name": kind.value,
                "label": edit_history.LABELS[kind],
                "typed": typed,
                "hint": hint,
                "value": texts[kind.value],
                "edited": edited,
                "source": edit_values.typed(kind, known, zone) if edited and known else "",
            }
        )
    return rows


ROUTES: list[BaseRoute] = [
    Route("/admin/editing/story", signed_in(show, UserRole.EDITOR), methods=["GET"]),
    Route("/admin/editing/story", signed_in_form(change), methods=["POST"]),
]
