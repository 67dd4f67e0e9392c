"""The web application: every module's routes, and what holds for all of them.

It opens no store and reads no clock: the edge (``newsletter web``, ``newsletter serve``) does.
"""

from collections.abc import Callable
from datetime import datetime

import jinja2
from sqlalchemy.engine import Engine
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from mailer.links import Links
from mailer.web.site import Site
from recommender import resources
from recommender.settings import Settings

ROUTES: list[BaseRoute] = []


def create(engine: Engine, settings: Settings, clock: Callable[[], datetime]) -> Starlette:
    """The application over an open store."""
    pages = jinja2.Environment(
        loader=jinja2.FileSystemLoader(resources.folder("templates") / "web"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    app = Starlette(routes=ROUTES)
    app.state.site = Site(
        engine, settings, Links(settings.base_url, [settings.secret]), pages, clock
    )
    return app
