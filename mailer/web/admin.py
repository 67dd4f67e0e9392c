"""The operators' pages: editions and how far they got, and what became of one. They only read;
what editors change is on a page of its own (``editing``).

Who is let in, ``admission`` says. They name no reader, and are in English only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailer.ledger import counts, editions
from mailer.monitoring import alerts, console_statistics, troubles
from mailer.reports import edition_statistics
from mailer.reports.edition_statistics import Figures, StoryNumbers
from mailer.web import edition_list, edition_titles, forms, reader_lookup
from mailer.web.admission import operator, signed_in
from mailer.web.edition_list import ON_THE_WAY, EditionRow
from mailer.web.edition_titles import EditionTitle
from mailer.web.growth import growth
from mailer.web.response_cache import ResponseCache
from mailer.web.site import Site
from recommender.articles import feed_schedule
from recommender.models import DeliveryState, Edition, EditionState, UserRole
from recommender.storage import database

RELOAD_SECONDS = 10
"""Digits of the number of a page of editions."""


@dataclass(frozen=True)
class Bar:
    """A row of a plot: how many, their share (0 to 1) of all."""

    label: str
    number: int
    share: float


@dataclass(frozen=True)
class Progress:
    """How far an edition is on its way: copies that are settled, of all, and what is left at the
    present rate."""

    settled: int
    copies: int
    per_second: float

    @property
    def minutes_left(self) -> int | None:
        """None where nothing moves."""
        if self.per_second <= 0:
            return None
        return max(1, round((self.copies - self.settled) / self.per_second / 60))


@dataclass(frozen=True)
class EditionPage:
    """What the page of an edition shows: its figures, what became of its copies, and rows of its
    stories. ``at`` is when answers were counted; None where they have not been yet. ``progress``
    is of one on its way."""

    title: EditionTitle
    figures: Figures
    ledger: list[Bar]
    stories: tuple[StoryNumbers, ...]
    at: datetime | None
    progress: Progress | None


def overview(request: Request, site: Site) -> Response:
    """What is wrong, the editions, and the readers: how many, who came and went, and what their
    domains did with the latest edition. All but the editions is from ``console_statistics``, which
    are kept."""
    now = site.clock()
    skew = database.skew(site.engine, now)
    kept: ResponseCache[EditionRow] = request.app.state.edition_rows
    number = forms.page_number(request)
    with database.reading(site.engine) as session:
        listed = edition_list.page(session, site, kept, number)
        if number > 1 and not listed.rows:
            raise HTTPException(404)
        wrong = troubles.known(site.engine, session, site.settings, now + skew, skew)
        began = {(one.kind, one.subject): one.began_at for one in alerts.ongoing(session)}
        numbers = console_statistics.current(session, now)
        about = session.get(Edition, numbers.domains_of)
        [domains_of] = edition_titles.of(session, site, [about]) if about else [None]
        feeds = feed_schedule.listing(session)
    return site.page(
        "admin.html",
        editions=listed,
        number=number,
        readers=reader_lookup.counted(numbers.readers),
        troubles=[(one, began.get((one.kind.value, one.subject))) for one in wrong],
        numbers=numbers,
        domains_of=domains_of,
        growth=growth(numbers.readers.get("active", 0), numbers.weeks),
        feeds=[(one, feed_schedule.state(one)) for one in feeds],
        live=any(one.live for one in listed.rows),
        reload=_reload(request),
    )


def edition(request: Request, site: Site) -> Response:
    """What became of an edition: its ledger, how far its readers went, and its stories, from
    ``edition_statistics``. The ledger of one on its way is counted as it is, and kept for a while
    for all who ask."""
    name, now = request.path_params["name"], site.clock()
    kept: ResponseCache[EditionPage] = request.app.state.edition_pages
    with database.reading(site.engine) as session:
        wanted = editions.named(session, name)
        if wanted is None:
            raise HTTPException(404)
        key = (wanted.id, wanted.state, wanted.why, wanted.last_error_at)
        found = kept.get(key, lambda: _edition_page(session, site, wanted, now))
    return site.page(
        "admin_edition.html",
        edition=wanted,
        page=found,
        state=edition_titles.state(site.settings, wanted),
        editor=operator(request).may(UserRole.EDITOR),
        live=wanted.state in ON_THE_WAY,
        reload=_reload(request),
    )


def _reload(request: Request) -> int | None:
    """Seconds after which a browser without scripts loads the page anew, where it was told to."""
    return RELOAD_SECONDS if request.query_params.get("reload") == "on" else None


def _edition_page(session: Session, site: Site, wanted: Edition, now: datetime) -> EditionPage:
    numbers = edition_statistics.current(session, wanted, now)
    states, skipped = (numbers.states, numbers.skipped) if numbers else ({}, {})
    if numbers is None or wanted.finished_at is None:
        counted = counts.count(session, wanted.id)
        states = {state.value: number for state, number in counted.states.items()}
        skipped = counted.skipped
    copies, progress = sum(states.values()), None
    if wanted.state == EditionState.SENDING:
        rate = counts.sent_per_second(session, wanted.id, now=now)
        progress = Progress(
            copies - sum(states.get(one, 0) for one in counts.UNSETTLED), copies, rate
        )
    [title] = edition_titles.of(session, site, [wanted])
    answers, returned = (numbers.answers, numbers.returned) if numbers else ({}, 0)
    return EditionPage(
        title,
        edition_statistics.figures_of(states, answers, returned),
        bars(ledger(states, skipped)),
        numbers.stories if numbers else (),
        numbers.at if numbers else None,
        progress,
    )


def ledger(states: Mapping[str, int], skipped: Mapping[str, int]) -> list[tuple[str, int]]:
    """Every copy, by what has become of it; together they are all."""
    names = {
        "sent": (DeliveryState.SENT,),
        "failed: refused for good": (DeliveryState.FAILED,),
        "deferred: tried again later": (DeliveryState.DEFERRED,),
        "in doubt: its server did not answer": (DeliveryState.IN_DOUBT,),
        "waiting": (DeliveryState.PLANNED,),
        "being sent": (DeliveryState.CLAIMED, DeliveryState.ON_WIRE),
    }
    plain = [(name, sum(states.get(one, 0) for one in those)) for name, those in names.items()]
    reasons = [(f"skipped: {reason.replace('_', ' ')}", n) for reason, n in skipped.items()]
    return [one for one in plain + reasons if one[1]]


def bars(numbers: list[tuple[str, int]]) -> list[Bar]:
    """Rows of a plot, which are all together."""
    every = sum(number for _, number in numbers) or 1
    return [Bar(label, number, number / every) for label, number in numbers]


ROUTES: list[BaseRoute] = [
    Route("/admin", signed_in(overview), methods=["GET"]),
    Route("/admin/{name}", signed_in(edition), methods=["GET"]),
]
