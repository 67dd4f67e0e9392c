"""Links of an issue: the redirect to a story, and "more / less like this".

A redirect goes to the address the story had when its edition was planned, found by number: no
address is ever taken from a request. Clicks are written behind the answer by one thread, several in
one transaction; what a killed process had not written yet is lost, and nothing else.
"""

import contextlib
import queue
import threading
from collections.abc import Callable
from functools import lru_cache

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from mailer import answers
from mailer.answers import Click
from mailer.composition import TRAP
from mailer.content import StoryContent
from mailer.links import KINDS, Kind, TokenError
from mailer.web import forms, tokens
from mailer.web.site import Site, of
from recommender import database
from recommender.models import Delivery, EditionStory, Subscriber
from recommender.subscribers import choices

LONGEST_QUEUE = 10_000
MOST_AT_ONCE = 200
MUTABLE = 8
"""Topics of a story that can be turned off beside it."""


class ClickWriter:
    """Writes clicks behind the answers. When the queue is full, clicks are dropped, not readers."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue: queue.Queue[tuple[int, Click] | None] = queue.Queue(LONGEST_QUEUE)
        self._thread = threading.Thread(target=self._run, name="clicks", daemon=True)
        self._thread.start()

    def put(self, delivery_id: int, click: Click) -> None:
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait((delivery_id, click))

    def close(self) -> None:
        """Write what is waiting, then end."""
        self._queue.put(None)
        self._thread.join()

    def flush(self) -> None:
        """Return when all that was put so far has been written."""
        self._queue.join()

    def _run(self) -> None:
        going = True
        while going:
            batch = [self._queue.get()]
            with contextlib.suppress(queue.Empty):
                while len(batch) < MOST_AT_ONCE:
                    batch.append(self._queue.get_nowait())
            going = None not in batch
            try:
                with database.writing(self._engine) as session:
                    # In order of copies, so that two processes do not wait for each other.
                    clicks = sorted((item for item in batch if item), key=lambda item: item[0])
                    for delivery_id, click in clicks:
                        answers.record_click(session, delivery_id, click)
            except Exception:  # noqa: BLE001  (the thread must live; the click is lost)
                from mailer.web.security import log

                log.exception("clicks could not be written")
            for _ in batch:
                self._queue.task_done()


def finder(engine: Engine) -> Callable[[int, int], str | None]:
    """What finds the address of a story in a delivery's edition, and remembers it."""

    @lru_cache(maxsize=100_000)
    def edition_of(delivery_id: int) -> int | None:
        with database.reading(engine) as session:
            delivery = session.get(Delivery, delivery_id)
            return None if delivery is None else delivery.edition_id

    @lru_cache(maxsize=10_000)
    def address(edition_id: int, story_id: int) -> str | None:
        with database.reading(engine) as session:
            frozen = session.get(EditionStory, (edition_id, story_id))
            return None if frozen is None else StoryContent.from_document(frozen.content).link

    def find(delivery_id: int, story_id: int) -> str | None:
        edition = edition_of(delivery_id)
        return None if edition is None else address(edition, story_id)

    return find


def click(request: Request) -> Response:
    """To the story."""
    site = of(request)
    try:
        delivery_id, story_id = site.links.read("click", request.path_params["token"])
    except (TokenError, ValueError):
        return site.broken_link()
    trapped = story_id == TRAP
    target = "/archive" if trapped else request.app.state.find(delivery_id, story_id)
    if target is None:
        return site.broken_link()
    if site.settings.tracking:
        visit = Click(
            site.clock(), story_id, request.method, request.headers.get("user-agent", "")[:200]
        )
        request.app.state.clicks.put(delivery_id, visit)
    return RedirectResponse(target, 302, headers={"X-Robots-Tag": "noindex"})


def ask(request: Request) -> Response:
    """Say more or less of this story? One button, since programs follow links."""
    site = of(request)
    with database.reading(site.engine) as session:
        found = _verdict(session, site, request.path_params["token"])
        if found is None:
            return site.broken_link()
        delivery, story, _, kind = found
        site = site.speaking(session.get_one(Subscriber, delivery.subscriber_id).locale)
    return site.page("feedback.html", title=story.title, kind=kind, done=False, topics=())


def answer(request: Request, form: FormData) -> Response:
    """Learn it at once; or, with a topic, turn that off."""
    site = of(request)
    now = site.clock()
    with database.writing(site.engine) as session:
        found = _verdict(session, site, request.path_params["token"])
        if found is None:
            return site.broken_link()
        delivery, story, story_id, kind = found
        reader = session.get_one(Subscriber, delivery.subscriber_id)
        site = site.speaking(reader.locale)
        topic = forms.text(form, "topic")
        if topic and topic in story.topics[:MUTABLE]:
            choices.mute(session, reader, topic, now=now)
        else:
            topic = ""
            answers.record_verdict(session, delivery, story_id, kind, now)
    return site.page(
        "feedback.html",
        title=story.title,
        kind=kind,
        done=True,
        muted=topic,
        topics=story.topics[:MUTABLE],
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
