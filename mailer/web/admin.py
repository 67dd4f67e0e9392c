"""The operators' pages: editions and how far they got, and what became of one. They only read;
what editors change is on a page of its own (``editing``).

Who is let in, ``admission`` says. They name no reader, and are in English only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailer.ledger import counts, editions
from mailer.monitoring import alerts, console_statistics, troubles
from mailer.reports import edition_statistics
from mailer.reports.edition_statistics import EditionNumbers, StoryNumbers
from mailer.web.admission import signed_in
from mailer.web.growth import growth
from mailer.web.response_cache import ResponseCache
from mailer.web.site import Site
from recommender.articles import feed_schedule
from recommender.models import DeliveryState, Edition, EditionState, EventKind
from recommender.storage import database

ON_THE_WAY = (EditionState.PLANNING, EditionState.SENDING)
"""States in which a page of an edition brings itself up to date."""
RELOAD_SECONDS = 10


@dataclass(frozen=True)
class Bar:
    """A row of a plot: how many, their share (0 to 1) of the longest bar's, and where it leads."""

    label: str
    number: int
    share: float
    link: str | None = None


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
    """What the page of an edition shows: plots, and rows of its stories. ``at`` is when answers
    were counted; None where they have not been yet. ``progress`` is of one on its way."""

    funnel: list[Bar]
    ledger: list[Bar]
    stories: tuple[StoryNumbers, ...]
    at: datetime | None
    progress: Progress | None


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
        growth=growth(numbers.readers.get("active", 0), numbers.weeks),
        feeds=[(one, feed_schedule.state(one)) for one in feeds],
        live=any(one.state in ON_THE_WAY for one in numbers.editions),
        reload=_reload(request),
    )


def edition(request: Request, site: Site) -> Response:
    """What became of an edition: its ledger, how far its readers went, and its stories, from
    ``edition_statistics``. The ledger of one on its way is counted as it is, and kept for a while
    for all who ask."""
    name, now = request.path_params["name"], site.clock()
    kept: ResponseCache[EditionPage] = request.app.state.edition_pages
    with database.reading(site.engine) as session:
        wanted = next((one for one in editions.listing(session) if one.name == name), None)
        if wanted is None:
            raise HTTPException(404)
        key = (wanted.id, wanted.state, wanted.why, wanted.last_error_at)
        found = kept.get(key, lambda: _edition_page(session, wanted, now))
    return site.page(
        "admin_edition.html",
        edition=wanted,
        page=found,
        live=wanted.state in ON_THE_WAY,
        reload=_reload(request),
    )


def _reload(request: Request) -> int | None:
    """Seconds after which a browser without scripts loads the page anew, where it was told to."""
    return RELOAD_SECONDS if request.query_params.get("reload") == "on" else None


def _edition_page(session: Session, wanted: Edition, now: datetime) -> EditionPage:
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
    return EditionPage(
        bars(funnel(copies, states.get(DeliveryState.SENT, 0), numbers)),
        bars(ledger(states, skipped)),
        numbers.stories if numbers else (),
        numbers.at if numbers else None,
        progress,
    )


def ledger(states: Mapping[str, int], skipped: Mapping[str, int]) -> list[tuple[str, int]]:
    """Every copy, by what has become of it; together they are all."""
    names = {
        "sent": (DeliveryState.SENT,),
        "failed": (DeliveryState.FAILED,),
        "deferred": (DeliveryState.DEFERRED,),
        "in doubt": (DeliveryState.IN_DOUBT,),
        "waiting": (DeliveryState.PLANNED,),
        "in hand": (DeliveryState.CLAIMED, DeliveryState.ON_WIRE),
    }
    plain = [(name, sum(states.get(one, 0) for one in those)) for name, those in names.items()]
    return plain + [(f"skipped: {reason}", number) for reason, number in skipped.items()]


def funnel(copies: int, sent: int, numbers: EditionNumbers | None) -> list[tuple[str, int]]:
    """How many readers got so far; opens are not counted, since programs load pictures for all."""
    kinds = (EventKind.CLICK, EventKind.MORE, EventKind.LESS, EventKind.UNSUBSCRIBE)
    words = ("read a story", "wanted more like one", "wanted less like one", "unsubscribed")
    steps = [("readers", copies), ("were sent it", sent)]
    if numbers is None:
        return steps
    answers = [numbers.answers.get(kind, 0) for kind in kinds]
    return steps + list(zip(words, answers, strict=True))


def bars(numbers: list[tuple[str, int]]) -> list[Bar]:
    """Rows of a plot."""
    longest = max((number for _, number in numbers), default=0) or 1
    return [Bar(label, number, number / longest) for label, number in numbers]


ROUTES: list[BaseRoute] = [
    Route("/admin", signed_in(overview), methods=["GET"]),
    Route("/admin/{name}", signed_in(edition), methods=["GET"]),
]
