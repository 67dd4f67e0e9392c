"""The operators' pages: editions and how far they got, and what became of one. They only read;
what editors change is on a page of its own (``editing``).

Who is let in, ``admission`` says. They name no reader, and are in English only.
"""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailer.ledger import counts, editions
from mailer.monitoring import alerts, console_statistics, troubles
from mailer.reports import edition_report
from mailer.web.admission import operator, signed_in
from mailer.web.response_cache import ResponseCache
from mailer.web.site import Site
from recommender.articles import feed_schedule
from recommender.models import Edition, EventKind
from recommender.storage import database

STORIES = 20
"""Stories of an edition that are shown: those that most readers got."""


@dataclass(frozen=True)
class Bar:
    """A row of a plot: how many, their share (0 to 1) of the longest bar's, and where it leads."""

    label: str
    number: int
    share: float
    link: str | None = None


@dataclass(frozen=True)
class EditionPage:
    """What the page of an edition shows: it as a document, plots, and rows of its stories."""

    edition: dict[str, Any]
    funnel: list[Bar]
    ledger: list[Bar]
    stories: list[dict[str, Any]]


def overview(request: Request, site: Site) -> Response:
    """What is wrong, the latest editions, and the readers: how many, who came and went, and what
    their domains did with the latest edition. From ``console_statistics``, which are kept."""
    now = site.clock()
    skew = database.skew(site.engine, now)
    with database.reading(site.engine) as session:
        wrong = troubles.known(site.engine, session, site.settings, now + skew, skew)
        began = {(one.kind, one.subject): one.began_at for one in alerts.ongoing(session)}
        numbers = console_statistics.current(session, now)
        feeds = feed_schedule.listing(session)
    sent = bars(
        [(f"{one.name} ({one.state})", one.copies.get("sent", 0)) for one in numbers.editions]
    )
    linked = [
        replace(bar, link=site.path(f"/admin/{one.name}"))
        for bar, one in zip(sent, numbers.editions, strict=True)
    ]
    return site.page(
        "admin.html",
        editions=linked,
        readers=bars(list(numbers.readers.items())),
        troubles=[(one, began.get((one.kind.value, one.subject))) for one in wrong],
        numbers=numbers,
        feeds=[(one, feed_schedule.state(one)) for one in feeds],
        operator=operator(request),
    )


def edition(request: Request, site: Site) -> Response:
    """What became of an edition: its ledger, how far its readers went, and its stories. Of a large
    one that takes seconds, and is kept for a minute for all who ask."""
    name = request.path_params["name"]
    kept: ResponseCache[EditionPage] = request.app.state.edition_pages
    with database.reading(site.engine) as session:
        wanted = next((one for one in editions.listing(session) if one.name == name), None)
        if wanted is None:
            raise HTTPException(404)
        key = (wanted.id, wanted.state, wanted.why, wanted.last_error_at)
        found = kept.get(key, lambda: _edition_page(session, wanted))
    return site.page("admin_edition.html", page=found, operator=operator(request))


def _edition_page(session: Session, wanted: Edition) -> EditionPage:
    document = editions.document(session, wanted)
    answers = counts.answers(session, wanted.id)
    return EditionPage(
        document,
        bars(funnel(document["totals"], answers)),
        bars(ledger(document["totals"])),
        [row for row in edition_report.stories(session, wanted.id) if row["readers"]][:STORIES],
    )


def ledger(totals: dict[str, int]) -> list[tuple[str, int]]:
    """Every copy, by what has become of it; together they are all."""
    single = ("sent", "failed", "deferred", "in_doubt", "waiting", "in_hand")
    plain = [(name.replace("_", " "), totals[name]) for name in single]
    skipped: dict[str, int] = totals["skipped"]  # type: ignore[assignment]  # the one that is split
    return plain + [(f"skipped: {reason}", number) for reason, number in skipped.items()]


def funnel(totals: dict[str, int], answers: dict[EventKind, int]) -> list[tuple[str, int]]:
    """How many readers got so far; opens are not counted, since programs load pictures for all."""
    kinds = (EventKind.CLICK, EventKind.MORE, EventKind.LESS, EventKind.UNSUBSCRIBE)
    words = ("read a story", "wanted more like one", "wanted less like one", "unsubscribed")
    steps = [("readers", totals["readers"]), ("were sent it", totals["sent"])]
    return steps + [(word, answers.get(kind, 0)) for word, kind in zip(words, kinds, strict=True)]


def bars(numbers: list[tuple[str, int]]) -> list[Bar]:
    """Rows of a plot."""
    longest = max((number for _, number in numbers), default=0) or 1
    return [Bar(label, number, number / longest) for label, number in numbers]


ROUTES: list[BaseRoute] = [
    Route("/admin", signed_in(overview), methods=["GET"]),
    Route("/admin/{name}", signed_in(edition), methods=["GET"]),
]
