"""Who did what on the operators' pages and by commands, for admins: a sentence an entry, with the
titles of what it is about and links to it. In English only.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from urllib.parse import urlencode

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailer.edition import schedule
from mailer.operators import audit
from mailer.operators.audit import AuditKind
from mailer.web import dates, edited_edition, forms
from mailer.web.admission import ABOUT, signed_in
from mailer.web.site import Site
from recommender.articles import edits
from recommender.articles.story_edits import UNEDITED
from recommender.errors import NewsletterError, NotFoundError
from recommender.models import AuditEntry, Sponsor, UserRole
from recommender.storage import database

SHOWN = 50
"""Entries on a page."""
_FIELD = re.compile(rf"(?:^| )({'|'.join(ABOUT)})=")
PLAIN = {
    "signed in": "Signed in",
    "sign out": "Signed out",
    "sign out everywhere": "Signed out everywhere",
    "searched readers": "Searched readers",
    "user added": "Made an account:",
    "user disabled": "Disabled the account",
    "user signed out": "Signed out everywhere the account",
}
"""What is said of an action that is about nothing with a page; what it is about follows."""
OF_STORIES = {"hold": "Held", "pin": "Pinned", "unpin": "Unpinned", "release": "Released"}
OF_SPONSORS = {"add": "Added", "change": "Changed", "remove": "Removed"}


@dataclass(frozen=True)
class Sentence:
    """What somebody did: ``words`` of the thing that is called ``title`` and has a page at
    ``link``, and more of it."""

    words: str
    title: str = ""
    link: str = ""
    more: str = ""


@dataclass(frozen=True)
class Line:
    """An entry as the page shows it."""

    at: datetime
    who: str
    sentence: Sentence


def show(request: Request, site: Site) -> Response:
    """Who did what, the latest first: of everybody or one person, of any kind or one."""
    given = request.query_params
    who, before = given.get("who", ""), forms.row_id(given.get("before", ""))
    kind = _kind(given.get("kind", ""))
    with database.reading(site.engine) as session:
        found = audit.entries(session, SHOWN + 1, who=who, kind=kind, before=before)
        people = audit.people(session)
        sentences = Sentences(session, site)
        lines = [Line(one.at, one.who, sentences.of(one)) for one in found[:SHOWN]]
    query = {"who": who, "kind": kind or ""}
    older = {**query, "before": found[SHOWN - 1].id} if len(found) > SHOWN else None
    return site.page(
        "admin_audit.html",
        lines=lines,
        people=people if who in ("", *people) else sorted((*people, who)),
        kinds=list(AuditKind),
        who=who,
        kind=kind,
        older=older and urlencode(older),
        first=before is None,
        query=urlencode(query),
    )


def _kind(text: str) -> AuditKind | None:
    try:
        return AuditKind(text) if text else None
    except ValueError:
        raise HTTPException(404) from None


class Sentences:
    """Makes sentences of entries; what several are about is looked up once."""

    def __init__(self, session: Session, site: Site) -> None:
        self._session, self._site = session, site
        self._edited = edits.current(session, site.clock())
        self._story: Callable[[str], str | None] = lru_cache(None)(self._story_title)
        self._publishing: Callable[[str], Site] = lru_cache(None)(self._site_of)

    def of(self, entry: AuditEntry) -> Sentence:
        """What an entry says; one of a kind that is not known here, its own words."""
        about = fields(entry.about)
        action = entry.action
        if action in OF_STORIES and "story" in about:
            return self._of_story(OF_STORIES[action], about["story"], about, action == "pin")
        if action == "save" and "id" in about:
            return self._of_story("Edited", about["id"], about)
        if action in ("save", "test") and "period" in about:
            words = "Changed note or subject of" if action == "save" else "Sent a test of"
            return self._of_edition(words, about)
        if action in OF_SPONSORS and "newsletter" in about:
            return self._of_sponsor(OF_SPONSORS[action], about)
        if action == "looked up":
            return Sentence(f"Looked up {entry.about}")
        words = PLAIN.get(action, action[:1].upper() + action[1:])
        return Sentence(f"{words} {entry.about}".rstrip())

    def _of_story(
        self, words: str, story: str, about: Mapping[str, str], placed: bool = False
    ) -> Sentence:
        title = self._story(story)
        where = f"in the edition of {self._day(about)}" if placed else ""
        more = where + self._readers(about) if placed else ""
        if title is None:
            return Sentence(words, f"the story {story}", "", more)
        link = self._link("/admin/editing/story", newsletter=about.get("newsletter"), id=story)
        return Sentence(words, f"“{title}”", link, more)

    def _of_edition(self, words: str, about: Mapping[str, str]) -> Sentence:
        title = f"{self._title(about)}, {self._day(about)}"
        named = {name: about.get(name) for name in ("newsletter", "period", "segment")}
        return Sentence(words, title, self._link("/admin/editing", **named), self._readers(about))

    def _of_sponsor(self, words: str, about: Mapping[str, str]) -> Sentence:
        key = about.get("sponsor", "")
        row = self._session.get(Sponsor, int(key)) if key.isdecimal() else None
        link = self._link("/admin/editing/sponsors", newsletter=about["newsletter"])
        name = f"the sponsor “{row.name}”" if row is not None else "a sponsor"
        return Sentence(words, name, link, f"of {self._title(about)}")

    def _story_title(self, story: str) -> str | None:
        try:
            row = edits.find(self._session, story)
        except NotFoundError:
            return None
        return self._edited.get(row.id, UNEDITED).title or row.title

    def _site_of(self, newsletter: str) -> Site:
        return edited_edition.publishing(self._site, newsletter)

    def _title(self, about: Mapping[str, str]) -> str:
        return self._publishing(about.get("newsletter", "")).settings.title

    def _day(self, about: Mapping[str, str]) -> str:
        settings = self._publishing(about.get("newsletter", "")).settings
        try:
            return dates.day(schedule.publishing_day(settings, about.get("period", "")))
        except NewsletterError:
            return about.get("period", "")

    def _readers(self, about: Mapping[str, str]) -> str:
        return f", for {about['segment']}" if "segment" in about else ""

    def _link(self, page: str, **named: str | None) -> str:
        query = urlencode({name: value for name, value in named.items() if value})
        return f"{self._site.path(page)}?{query}"


def fields(about: str) -> dict[str, str]:
    """What an entry of a form is about, by field: ``period=2026-W48 story=a/b``."""
    parts = _FIELD.split(about)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


ROUTES: list[BaseRoute] = [
    Route("/admin/audit", signed_in(show, UserRole.ADMIN), methods=["GET"]),
]
