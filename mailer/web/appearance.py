"""The look of the pages: one stylesheet in the newsletter's colours, and its icon.

Both follow from the settings alone, so they are made once and browsers may keep them.
"""

from hashlib import sha256
from html import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailer.rendering.look import Palette
from mailer.web.site import of

KEPT = {"Cache-Control": "public, max-age=86400"}


def version(text: str) -> str:
    """Differs whenever ``text`` does: part of an address, so that browsers ask anew."""
    return sha256(text.encode()).hexdigest()[:12]


def icon(title: str, palette: Palette) -> str:
    """The first letter of the title on the accent, as SVG."""
    letter = escape(next((one for one in title if one.isalnum()), "•").upper())
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">'
        f'<rect width="64" height="64" rx="14" fill="{palette.accent}"/>'
        '<text x="32" y="46" font-family="Georgia, serif" font-size="40" font-weight="bold" '
        f'text-anchor="middle" fill="{palette.on_accent}">{letter}</text></svg>'
    )


def _stylesheet(request: Request) -> Response:
    return Response(of(request).styles, media_type="text/css", headers=KEPT)


def _icon(request: Request) -> Response:
    site = of(request)
    drawn = icon(site.settings.title, site.look.light)
    return Response(drawn, media_type="image/svg+xml", headers=KEPT)


ROUTES: list[BaseRoute] = [
    Route("/static/pages.css", _stylesheet, methods=["GET"]),
    Route("/favicon.svg", _icon, methods=["GET"]),
    Route("/favicon.ico", _icon, methods=["GET"]),
]
