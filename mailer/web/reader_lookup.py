"""Readers for operators: a list, the latest first, by status or with a part of their address or
name; and one reader with status, interests, every change of consent, the latest copies with the
reasons of their stories, and answers.

For editors and admins. What is searched is posted, so that no address stands in a log; a search and
each look at a reader leave a note in the audit log. In English only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailer.ledger import editions
from mailer.monitoring import console_statistics
from mailer.web import edition_titles, forms
from mailer.web.admission import signed_in, signed_in_form
from mailer.web.site import Site
from recommender.errors import NotFoundError
from recommender.models import EventKind, Status, Subscriber, UserRole
from recommender.storage import database
from recommender.subscribers import reader_pages, records
from recommender.subscribers.reader_pages import ReaderPage

COPIES, ANSWERS = 12, 30
"""The latest that are shown."""
LONGEST = 320
"""Characters of what is searched: those of an address."""
STATUSES = {
    Status.ACTIVE: "active",
    Status.PENDING: "pending (not confirmed yet)",
    Status.PAUSED: "paused",
    Status.UNSUBSCRIBED: "unsubscribed",
    Status.BOUNCED: "bounced",
    Status.COMPLAINED: "complained",
}
"""What each status is called."""
ANSWER_WORDS = {
    EventKind.CLICK: "read",
    EventKind.MORE: "more like this",
    EventKind.LESS: "less like this",
    EventKind.MUTE: "muted",
    EventKind.UNSUBSCRIBE: "unsubscribed",
    EventKind.BOUNCE: "bounced",
    EventKind.COMPLAINT: "complained",
    EventKind.OPEN: "opened",
}
"""What each kind of answer is called."""


@dataclass(frozen=True)
class Asked:
    """What the list is of: words to find ('': all), a status (None: any), and the reader before or
    after whom it goes on."""

    words: str = ""
    status: Status | None = None
    before: int | None = None
    after: int | None = None

    @property
    def query(self) -> str:
        """What an address of the same list says, which is never what is searched."""
        given = {"status": self.status, "before": self.before, "after": self.after}
        query = urlencode({name: value for name, value in given.items() if value is not None})
        return f"?{query}" if query else ""


def listed(request: Request, site: Site) -> Response:
    """The readers of a status, or all."""
    given = request.query_params
    status, before, after = (given.get(name, "") for name in ("status", "before", "after"))
    asked = Asked("", _status(status), forms.row_id(before), forms.row_id(after))
    with database.reading(site.engine) as session:
        if asked.after is not None:
            found = reader_pages.after(session, asked.status, asked.after)
        else:
            found = reader_pages.before(session, asked.status, asked.before)
        return _list(session, site, asked, found)


def found(request: Request, site: Site, form: FormData) -> Response:
    """What a search finds, or one reader: who was chosen in a list, or has the address itself."""
    asked = Asked(
        forms.text(form, "q", LONGEST), _status(forms.text(form, "status")),
        forms.row_id(forms.text(form, "before")),
    )  # fmt: skip
    chosen = forms.row_id(forms.text(form, "reader"))
    with database.reading(site.engine) as session:
        reader = _reader(session, asked, chosen)
        if reader is not None:
            request.state.noted = ("looked up", f"reader {reader.id}")
            return _one(session, site, asked, reader)
        if chosen is not None:
            raise HTTPException(404)
        who = f"who are {STATUSES[asked.status]}" if asked.status else ""
        request.state.noted = ("searched readers", who)
        found = reader_pages.search(session, asked.words, asked.status, asked.before)
        return _list(session, site, asked, found)


def _status(text: str) -> Status | None:
    """None of an empty text; HTTPException 404 of what is no status."""
    try:
        return Status(text) if text else None
    except ValueError:
        raise HTTPException(404) from None


def _reader(session: Session, asked: Asked, chosen: int | None) -> Subscriber | None:
    if chosen is not None:
        return session.get(Subscriber, chosen)
    try:
        return records.find(session, asked.words) if "@" in asked.words else None
    except NotFoundError:
        return None


def counted(held: Mapping[str, int]) -> list[tuple[Status, str, int]]:
    """Each status with what it is called and how many readers have it; ``held`` are those there
    are, by status."""
    return [(status, words, held.get(status, 0)) for status, words in STATUSES.items()]


def _list(session: Session, site: Site, asked: Asked, found: ReaderPage) -> Response:
    held = console_statistics.current(session, site.clock()).readers
    return site.page(
        "admin_readers.html",
        asked=asked,
        found=found,
        statuses=STATUSES,
        counted=[(None, "all", sum(held.values())), *counted(held)],
    )


def _one(session: Session, site: Site, asked: Asked, reader: Subscriber) -> Response:
    held = records.everything(session, reader)
    copies = held["deliveries"][-COPIES:][::-1]
    return site.page(
        "admin_reader.html",
        asked=asked,
        held=held,
        standing=STATUSES[reader.status],
        paused_until=reader.paused_until,
        since=reader.created_at,
        last_active=reader.last_active_at,
        consent=[_at(one) for one in held["consent"]][::-1],
        copies=[_copy(session, site, one) for one in copies],
        answers=[_at(one) for one in held["events"][-ANSWERS:][::-1]],
        answer_words=ANSWER_WORDS,
    )


def _at(one: dict[str, Any]) -> dict[str, Any]:
    """The same with its moment as one."""
    return {**one, "at": None if one["at"] is None else datetime.fromisoformat(one["at"])}


def _copy(session: Session, site: Site, one: dict[str, Any]) -> dict[str, Any]:
    """A copy, with the title of its edition and the reasons of each story in a few words."""
    picks = [
        {
            "title": pick["title"],
            "why": ", ".join(
                f"{reason['kind'].replace('_', ' ')}{': ' * bool(reason['detail'])}"
                f"{reason['detail']} ({reason['share']:.0%})"
                for reason in pick["reasons"]
            ),
        }
        for pick in one["picks"]
    ]
    edition = editions.named(session, one["edition"])
    titles = [] if edition is None else edition_titles.of(session, site, [edition])
    return {**_at(one), "picks": picks, "title": next(iter(titles), None)}


ROUTES: list[BaseRoute] = [
    Route("/admin/reader", signed_in(listed, UserRole.EDITOR), methods=["GET"]),
    Route("/admin/reader", signed_in_form(found), methods=["POST"]),
]
