"""The public archive: its list, its editions and its feed. It names no reader."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from mailer.edition import edition_edits, schedule
from mailer.edition.schedule import WELCOME
from mailer.issue import pictures, wording
from mailer.issue.content import StoryContent
from mailer.issue.pictures import Picture
from mailer.reports import most_sent as leading
from mailer.web import archive_list, archived_issue
from mailer.web.archive_list import Asked
from mailer.web.archived_issue import ArchivedIssue
from mailer.web.site import Site, of
from recommender import newsletters
from recommender.models import Edition, EditionState, EditionStory, Newsletter
from recommender.storage import database

LISTED = 24
"""Editions on a page of the archive's list: about half a year of weeks."""
FEW = 4
"""So many editions can be looked over: they need no search."""
SEARCHED = 260
"""Editions that are searched, the latest: five years of weeks."""
IN_FEED = 20
FOUND = 3
"""Stories of an edition that are named where it is found."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PUBLIC = (EditionState.SENDING, EditionState.PAUSED, EditionState.FINISHED)


@dataclass(frozen=True)
class Entry:
    """An edition as the archive lists it: its lead stands for it. ``date`` is in words, and
    ``date_line`` as its mail has it at the top; ``found``
    are its other stories with what was searched for."""

    name: str
    period: str
    date: str
    date_line: str
    title: str
    lead: StoryContent | None
    picture: Picture | None
    found: Sequence[StoryContent]


def _entry(site: Site, edition: Edition, stories: Sequence[StoryContent], query: str = "") -> Entry:
    lead = stories[0] if stories else None
    day = schedule.publishing_day(site.settings, edition.period)
    return Entry(
        name=edition.name,
        period=edition.period,
        date=site.language.day(day),
        date_line=wording.date_line(edition.period, day, site.language),
        title=lead.title if lead else site.period(edition.period),
        lead=lead,
        picture=next(filter(None, map(pictures.shown, stories[:1])), None),
        found=archive_list.with_any(query, stories[1:])[:FOUND],
    )


@dataclass(frozen=True)
class ListPage:
    """A page of the archive's list: ``newer`` and ``older`` are the addresses of those beside it;
    ``searched`` is how many editions were looked through, if not all; ``searchable``: there are
    enough to search."""

    asked: Asked
    entries: Sequence[Entry]
    newer: str | None
    older: str | None
    searched: int | None
    searchable: bool


def archive(request: Request) -> Response:
    """Editions of the first newsletter that went out, the latest first, 24 a page;
    with words to find (``?q=``), those that have them."""
    return _archive(request, of(request), "/archive")


def _archive(request: Request, site: Site, path: str) -> Response:
    asked = archive_list.asked(request, site, path)
    with database.reading(site.engine) as session:
        page = _list_page(session, site, asked)
        others = [
            (row.name, newsletters.of(site.settings, row).title)
            for row in newsletters.listing(session)
            if row.name != site.settings.newsletter
        ]
    return _public(request, site.page("archive.html", page=page, others=others, kept=asked.kept))


def _list_page(session: Session, site: Site, asked: Asked) -> ListPage:
    """HTTPException 404 past the last page."""
    start, number = LISTED * (asked.number - 1), asked.number
    if asked.query:
        editions = _editions(session, site, SEARCHED)
        every = [(one, _stories(site, session, one)) for one in editions]
        matches = [pair for pair in every if archive_list.has_all(asked.query, pair[1])]
        found = matches[start : start + LISTED + 1]
    else:
        editions = _editions(session, site, LISTED + 1, after=start)
        found = [(one, _stories(site, session, one)) for one in editions]
    if number > 1 and not found:
        raise HTTPException(404)
    return ListPage(
        asked=asked,
        entries=[_entry(site, *pair, asked.query) for pair in found[:LISTED] if pair[1]],
        newer=asked.address(number - 1) if number > 1 else None,
        older=asked.address(number + 1) if len(found) > LISTED else None,
        searchable=bool(asked.query) or number > 1 or len(found) >= FEW,
        searched=SEARCHED if asked.query and len(editions) == SEARCHED else None,
    )


def latest(site: Site) -> tuple[Edition | None, list[StoryContent]]:
    """The latest edition that went out, and what most readers found in it."""
    with database.reading(site.engine) as session:
        for edition in _editions(session, site, 1):
            return edition, _stories(site, session, edition)
    return None, []


def newest(request: Request) -> Response:
    """On to the latest edition; to the archive where there is none yet."""
    site = of(request)
    found, _ = latest(site)
    spoken = f"?lang={site.language.code}" if site.asked else ""
    page = "/archive" if found is None else f"/archive/{found.name}"
    return RedirectResponse(f"{site.path(page)}{spoken}", 302)


def edition(request: Request) -> Response:
    """The stories of one edition, nothing of any reader; or the archive of one newsletter, by its
    name."""
    site, name = of(request), request.path_params["name"]
    with database.reading(site.engine) as session:
        rows = newsletters.listing(session, retired=True)
        theirs = {row.name: site.publishing(newsletters.of(site.settings, row)) for row in rows}
    if name in theirs:
        return _archive(request, theirs[name], f"/archive/{name}")
    for newsletter, site_ in theirs.items():
        if name.startswith(f"{newsletter}-"):
            period = name.removeprefix(f"{newsletter}-")
            with database.reading(site.engine) as session:
                for found in _editions(session, site_, 1, period=period):
                    return _edition(request, site_, session, found)
    return site.broken_link()


def _edition(request: Request, site: Site, session: Session, found: Edition) -> Response:
    stories = _stories(site, session, found)
    newer, older = (
        [_entry(site, one, _stories(site, session, one)) for one in beside]
        for beside in _neighbours(session, found)
    )
    return _public(
        request,
        site.page(
            "archive_edition.html",
            entry=_entry(site, found, stories),
            issue=_issue(session, site, found, stories),
            newer=next(iter(newer), None),
            older=next(iter(older), None),
        ),
    )


def _issue(
    session: Session, site: Site, found: Edition, stories: Sequence[StoryContent]
) -> ArchivedIssue:
    said = edition_edits.current(session, found.newsletter.name, found.period)
    return archived_issue.issue(
        stories,
        said.notes.get(None, ""),
        site.language,
        written_in=site.settings.language,
        period=found.period,
        day=schedule.publishing_day(site.settings, found.period),
        picks=site.settings.picks,
    )


def _neighbours(session: Session, found: Edition) -> tuple[Sequence[Edition], Sequence[Edition]]:
    """The edition after this one and the one before it, none or one of each."""
    period, query = Edition.period, _public_editions().limit(1)
    same = query.where(Edition.newsletter_id == found.newsletter_id)
    newer = same.where(period > found.period).order_by(period, Edition.id)
    older = same.where(period < found.period).order_by(period.desc(), Edition.id.desc())
    return session.scalars(newer).all(), session.scalars(older).all()


def feed(request: Request) -> Response:
    """The archive as an Atom feed (RFC 4287): an entry per edition, with its issue."""
    site = of(request)
    with database.reading(site.engine) as session:
        editions = _editions(session, site, IN_FEED)
        found = [(one, _stories(site, session, one)) for one in editions]
        facts = [(one.name, one.started_at, [story.title for story in most]) for one, most in found]
        tag = _tag(site.language.tag, site.settings.title, facts)
        if _has(request, tag):
            return Response(status_code=304, headers=_kept(tag))
        entries = [(one, most, _issue(session, site, one, most)) for one, most in found]
    updated = max((one.started_at or one.planned_at for one in editions), default=EPOCH)
    page = site.page("feed.xml", entries=entries, updated=updated)
    page.headers["content-type"] = "application/atom+xml; charset=utf-8"
    page.headers.update(_kept(tag))
    return page


def _stories(site: Site, session: Session, edition: Edition) -> list[StoryContent]:
    """What most readers got, looked up once; again while more copies are sent."""
    final = edition.state == EditionState.FINISHED
    key = (edition.id, edition.state)
    return site.archived.get(key, lambda: most_sent(session, edition), final=final)


def _editions(
    session: Session, site: Site, most: int, *, after: int = 0, period: str | None = None
) -> Sequence[Edition]:
    """Editions that went out, the latest first: ``most`` of them ``after`` so many, or the one of
    a period."""
    return session.scalars(
        _public_editions()
        .join(Newsletter, Newsletter.id == Edition.newsletter_id)
        .where(Newsletter.name == site.settings.newsletter)
        .where(sa.true() if period is None else Edition.period == period)
        .order_by(Edition.period.desc(), Edition.id.desc())
        .offset(after)
        .limit(most)
    ).all()


def _public_editions() -> sa.Select[Edition]:
    """Editions that went out, but for readers' personal first issues."""
    return (
        sa.select(Edition)
        .where(Edition.state.in_(PUBLIC), ~Edition.period.startswith(WELCOME))
        .options(sa.orm.joinedload(Edition.newsletter))
    )


def most_sent(session: Session, edition: Edition) -> list[StoryContent]:
    """The stories of an edition that most readers got, as they read in it."""
    best = leading.of_edition(session, edition)
    frozen = {
        row.story_id: row.content
        for row in session.scalars(
            sa.select(EditionStory).where(
                EditionStory.edition_id == edition.id, EditionStory.story_id.in_(best)
            )
        )
    }
    return [StoryContent.from_document(frozen[story]) for story in best if story in frozen]


def _public(request: Request, page: Response) -> Response:
    """Pages without anything personal may be kept by browsers and asked for by ETag (RFC 9110)."""
    tag = _tag(bytes(page.body))
    if _has(request, tag):
        return Response(status_code=304, headers=_kept(tag))
    page.headers.update(_kept(tag))
    return page


def _tag(*what: object) -> str:
    return f'"{sha256(repr(what).encode()).hexdigest()[:24]}"'


def _has(request: Request, tag: str) -> bool:
    return tag in request.headers.get("if-none-match", "")


def _kept(tag: str) -> dict[str, str]:
    return {"ETag": tag, "Cache-Control": "public, max-age=300"}


ROUTES: list[BaseRoute] = [
    Route("/latest", newest, methods=["GET"]),
    Route("/archive", archive, methods=["GET"]),
    Route("/archive/feed.xml", feed, methods=["GET"]),
    Route("/archive/{name}", edition, methods=["GET"]),
]
