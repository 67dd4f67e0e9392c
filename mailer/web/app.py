"""The web application: every module's routes, and what holds for all of them.

It opens no store and reads no clock: the edge (``newsletter web``, ``newsletter serve``) does.
"""

import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path

import jinja2
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from mailer.inbound.webhooks import providers
from mailer.links import Links
from mailer.preview.live import LivePreviews
from mailer.rendering import look as looks
from mailer.rendering import standalone
from mailer.throttling.rates import RateLimiter
from mailer.web import (
    address_change,
    admin,
    appearance,
    archive,
    audit_log,
    confirmation,
    editing,
    hooks,
    metrics,
    operators,
    preferences,
    proxies,
    reader_lookup,
    security,
    signup,
    sponsor_editing,
    story_editing,
    suggestions,
    sunset_answer,
    tracking,
    undo,
    unsubscribe,
    web_version,
)
from mailer.web.clicks import Clicks
from mailer.web.edition_list import EditionRow
from mailer.web.limits import Limits
from mailer.web.page_times import PageTimes, PageTimesMiddleware
from mailer.web.response_cache import ResponseCache
from mailer.web.server import LogLimiter
from mailer.web.sign_in import PasswordAttempts
from mailer.web.site import Site, of
from recommender import resources
from recommender.errors import StoreAwayError
from recommender.settings import Settings
from recommender.storage import database
from recommender.vocabulary.offering import Offerings
from recommender.vocabulary.search import VocabularySearch

PAGES = (
    tracking,
    signup,
    confirmation,
    preferences,
    address_change,
    suggestions,
    undo,
    unsubscribe,
    sunset_answer,
    web_version,
    archive,
    hooks,
    metrics,
    operators,
    audit_log,
    reader_lookup,
    editing,
    sponsor_editing,
    story_editing,
    admin,
)
"""Modules with routes, in the order in which their paths are tried."""
NOT_FOUND = 404
SERVER_ERROR = 500
PATIENCE = 3.0
"""Seconds that a page waits for whoever holds the store; then it says so."""
STORE_TROUBLE = (
    sa.exc.OperationalError,
    sa.exc.InterfaceError,
    sa.exc.TimeoutError,
    StoreAwayError,
)


def create(engine: Engine, settings: Settings, clock: Callable[[], datetime]) -> Starlette:
    """The application over an open store."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.clicks = Clicks(engine, settings.home / "clicks")
        yield
        app.state.clicks.close()

    routes: list[BaseRoute] = [
        Route("/", _home, methods=["GET"]),
        *appearance.ROUTES,  # before the folder that holds the rules of the stylesheet
        Mount("/static", StaticFiles(directory=_templates() / "static")),
    ]
    for module in PAGES:
        routes += module.ROUTES
    firsts = _first_parts(routes)
    proxies.check_base_path(settings.base_path, firsts)
    times = PageTimes(firsts)
    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(
                proxies.BehindProxies,
                proxies=proxies.Proxies(settings.proxies),
                base_path=settings.base_path,
            ),
            Middleware(PageTimesMiddleware, times=times, access_log=settings.access_log),
            Middleware(
                security.SecurityMiddleware,
                https=settings.base_url.startswith("https://"),
                page=_failed,
            ),
        ],
        exception_handlers={
            HTTPException: _refused,
            **dict.fromkeys(STORE_TROUBLE, _Trouble()),
        },
        lifespan=lifespan,
    )
    # A path with a slash too many is no page of ours; to be led to the one without would take the
    # host from the request.
    app.router.redirect_slashes = False
    app.state.page_times = times
    _set_state(app, database.impatient(engine, PATIENCE), settings, clock)
    return app


def _set_state(
    app: Starlette, engine: Engine, settings: Settings, clock: Callable[[], datetime]
) -> None:
    """Give the pages what they share."""
    limits = Limits(RateLimiter(engine), settings.secret, clock)
    look = looks.look(settings.accent, settings.font)
    styles = standalone.stylesheet(look)
    app.state.site = Site(
        engine,
        settings,
        Links(settings.base_url, settings.secrets),
        _environment(),
        clock,
        limits,
        LivePreviews(engine, settings),
        VocabularySearch(engine),
        Offerings(engine),
        look,
        styles,
        appearance.version(styles),
        ResponseCache(),
    )
    app.state.counted = ResponseCache[bytes]()
    app.state.edition_pages = ResponseCache[admin.EditionPage]()
    app.state.edition_rows = ResponseCache[EditionRow]()
    app.state.password_attempts = PasswordAttempts(engine, limits, clock)
    app.state.hooks = hooks.Hooks(providers.configured(settings))
    app.state.addresses = tracking.Addresses(engine)


def _templates() -> Path:
    return resources.folder("templates") / "web"


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_templates()),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _first_parts(routes: list[BaseRoute]) -> set[str]:
    paths = [route.path for route in routes if isinstance(route, Route | Mount)]
    return {first for path in paths if (first := path.strip("/").partition("/")[0])}


def _home(request: Request) -> Response:
    return RedirectResponse(of(request).path("/subscribe"))


async def _refused(request: Request, error: Exception) -> Response:
    """A plain page for what is not there or not allowed."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    words = error.detail if isinstance(error, HTTPException) else ""
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    site = of(request)
    _ = site.language.text
    if status == NOT_FOUND:
        return site.notice(
            _("Not found"), _("There is no such page."), status=status, links=site.ways_on()
        )
    words = words and _(words)
    return site.notice(_("This cannot be done"), words, status=status, headers=headers)


def _failed(request: Request, status: int, words: str) -> Response:
    """A plain page for what went wrong here, or was too much."""
    site = of(request)
    _ = site.language.text
    title = _("This did not work") if status >= SERVER_ERROR else _("This cannot be done")
    return site.notice(title, _(words), status=status, links=site.ways_on())


class _Trouble:
    """A plain page for when the store is held by others, full or away; said in the log once."""

    def __init__(self) -> None:
        self._say = LogLimiter()

    async def __call__(self, request: Request, error: Exception) -> Response:
        cause = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        self._say.once(f"pages wait for the store: {cause}")
        site = of(request)
        _ = site.language.text
        return site.notice(
            _("One moment, please"),
            _("We cannot get at what is kept here right now. Please try again in a moment."),
            status=503,
            headers={"Retry-After": "5"},
        )
