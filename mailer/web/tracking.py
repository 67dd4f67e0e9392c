"""Links of an issue: the redirect to a story, and "more / less like this".

A redirect goes to the address the story had when its edition was planned, found by number: no
address is ever taken from a request. How clicks get into the store is the business of ``clicks``.
"""

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from mailer.engagement import feedback
from mailer.engagement.feedback import Click
from mailer.issue import sponsors
from mailer.issue.composition import TRAP
from mailer.issue.content import StoryContent, web_address
from mailer.ledger import copies
from mailer.links import KINDS, Kind, TokenError
from mailer.web import forms, tokens
from mailer.web.site import Site, of
from recommender.errors import UnknownName
from recommender.models import Delivery, EditionStory, Sponsor, Subscriber
from recommender.storage import database
from recommender.subscribers import self_service

MOST_REMEMBERED = 100_000
MUTABLE = 8
"""Topics of a story that can be turned off beside it."""


class Addresses:
    """Finds the address of a story in a delivery's edition, and remembers it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._editions: dict[int, int] = {}
        self._addresses: dict[tuple[int, int], str | None] = {}

    def known(self, delivery_id: int, story_id: int) -> str | None:
        """The address when it has been found before; asks nobody."""
        return self._addresses.get((self._editions.get(delivery_id, 0), story_id))

    def find(self, delivery_id: int, story_id: int) -> str | None:
        """The address; None when there is no such copy or story, or it leads nowhere."""
        with database.reading(self._engine) as session:
            edition = copies.edition_of(session, delivery_id)
            found = _address(session, edition, story_id) if edition else None
        if edition is None or found is None:
            return None
        if len(self._editions) > MOST_REMEMBERED:
            self._editions = {}
        self._editions[delivery_id] = edition
        if len(self._addresses) > MOST_REMEMBERED:
            self._addresses = {}
        self._addresses[edition, story_id] = found
        return found


def _address(session: Session, edition: int, story_id: int) -> str | None:
    """Where a story of an edition leads, or one of the newsletter's sponsors."""
    if story_id >= sponsors.FIRST:
        row = session.get(Sponsor, story_id - sponsors.FIRST)
        return None if row is None else web_address(row.url) or None
    frozen = session.get(EditionStory, (edition, story_id))
    return None if frozen is None else StoryContent.from_document(frozen.content).link


async def click(request: Request) -> Response:
    """To the story. It waits for nothing but, the first time, for a look into the store."""
    state = request.app.state
    try:
        delivery_id, story_id = state.site.links.read("click", request.path_params["token"])
    except (TokenError, ValueError):
        return of(request).broken_link()
    trapped = story_id == TRAP
    known = None if trapped else state.addresses.known(delivery_id, story_id)
    target = state.site.path("/archive") if trapped else known
    if target is None:
        target = await run_in_threadpool(state.addresses.find, delivery_id, story_id)
    if target is None:
        return of(request).broken_link("click", request.path_params["token"])
    if state.site.settings.tracking:
        agent = request.headers.get("user-agent", "")[:200]
        state.clicks.put(delivery_id, Click(state.site.clock(), story_id, request.method, agent))
    return RedirectResponse(target, 302, headers={"X-Robots-Tag": "noindex"})


def ask(request: Request) -> Response:
    """Say more or less of this story? One button, since programs follow links."""
    site = of(request)
    with database.reading(site.engine) as session:
        found = _verdict(session, site, request.path_params["token"])
        if found is None:
            return site.broken_link("feedback", request.path_params["token"])
        delivery, story, _, kind = found
        site = site.speaking(session.get_one(Subscriber, delivery.subscriber_id).locale)
    topics = story.topics[:MUTABLE]
    return site.page(
        "feedback.html",
        title=story.title,
        kind=kind,
        done=False,
        withdrawn=False,
        muted="",
        topics=topics,
        issue=site.links.view(delivery.id),
    )


def answer(request: Request, form: FormData) -> Response:
    """Learn it at once, or take it back; or, with a topic, turn that off, or on again."""
    site = of(request)
    now = site.clock()
    with database.writing(site.engine) as session:
        found = _verdict(session, site, request.path_params["token"])
        if found is None:
            return site.broken_link("feedback", request.path_params["token"])
        delivery, story, story_id, kind = found
        reader = session.get_one(Subscriber, delivery.subscriber_id)
        site = site.speaking(reader.locale)
        muted = topic = ""
        topics = story.topics[:MUTABLE]
        withdrawn = forms.text(form, "action", 20) == "withdraw"
        try:
            if withdrawn:
                feedback.withdraw_feedback(session, delivery, story_id, now)
            elif (topic := forms.text(form, "topic")) in topics:
                self_service.mute(session, reader, topic, now=now)
                muted = topic
            elif (topic := forms.text(form, "undo")) in topics:
                self_service.unmute(session, reader, topic, now=now)
            else:
                feedback.record_feedback(session, delivery, story_id, kind, now)
        except UnknownName:  # a topic that the vocabulary has lost since the issue was sent
            return site.broken_link()
    return site.page(
        "feedback.html",
        title=story.title,
        kind=kind,
        done=not (topic or withdrawn) or bool(muted),
        withdrawn=withdrawn,
        muted=muted,
        topics=[name for name in topics if name != muted],
        issue=site.links.view(delivery.id),
    )


def _verdict(
    session: Session, site: Site, token: str
) -> tuple[Delivery, StoryContent, int, Kind] | None:
    found = tokens.delivery(session, site, "feedback", token)
    if found is None:
        return None
    delivery, (_, story_id, place) = found
    if place >= len(KINDS):
        return None
    frozen = session.get(EditionStory, (delivery.edition_id, story_id))
    if frozen is None:
        return None
    return delivery, StoryContent.from_document(frozen.content), story_id, KINDS[place]


ROUTES: list[BaseRoute] = [
    Route("/c/{token}", click, methods=["GET"]),
    Route("/f/{token}", ask, methods=["GET"]),
    Route("/f/{token}", forms.post(answer), methods=["POST"]),
]
