"""What holds for every request: headers, sizes, and where a form may come from.

Errors become plain pages: no stack trace ever reaches a reader.
"""

import logging
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mailer.localization import N_

LARGEST_BODY = 64 * 1024
"""Bytes of a request; a form with every topic ticked has some twenty thousand."""
HOOKS = "/hooks/"
LARGEST_HOOK = 1024 * 1024
"""Bytes of a provider's webhook; SendGrid sends up to 768 KB. ``hooks`` itself refuses more."""
PAGES = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' https:; "
    "connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
ISSUES = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""For the web version of an issue, which carries its styles as mail does."""
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
TOO_LARGE = N_("This is more than the page takes.")
BROKEN = N_("Something went wrong here; please try again later.")
log = logging.getLogger("newsletter.web")


class SecurityMiddleware:
    """ASGI middleware: security headers on every answer, bodies of bounded size, no stack trace."""

    def __init__(
        self, app: ASGIApp, *, https: bool, page: Callable[[Request, int, str], Response]
    ) -> None:
        """``page`` makes one of a status and a sentence, for those who ask for HTML."""
        self._app = app
        self._https = https
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, self._protect)
        hook = scope["path"].startswith(HOOKS)
        body = _Body(receive, 2 * LARGEST_HOOK if hook else LARGEST_BODY)
        try:
            if _declared_size(scope) > LARGEST_BODY and not hook:
                await self._fail(413, TOO_LARGE, scope, receive, answer)
                return
            if _ambiguous(scope):
                await _plain(400, "Bad Request", scope, receive, answer)
                return
            await self._app(scope, body, answer)
        except ClientDisconnect:
            return  # nobody is left to answer
        except Exception as error:
            too_large = isinstance(error, TooLarge) or body.read > body.most
            if not too_large:
                log.exception("%s /%s", scope["method"], scope["path"].split("/")[1])
            if not answer.started:
                status, words = (413, TOO_LARGE) if too_large else (500, BROKEN)
                await self._fail(status, words, scope, receive, answer)

    async def _fail(
        self, status: int, words: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Say what went wrong on a page; in plain text to programs, and where no page can be."""
        request = Request(scope)
        if "text/html" in request.headers.get("accept", ""):
            try:
                page = self._page(request, status, words)
            except Exception:
                log.exception("the page that says %s", status)
            else:
                await page(scope, receive, send)
                return
        await _plain(status, words, scope, receive, send)

    def _protect(self, headers: MutableHeaders) -> None:
        headers.setdefault("content-security-policy", PAGES)
        headers.setdefault("x-content-type-options", "nosniff")
        # Not no-referrer: with that, browsers send our own forms with "Origin: null".
        headers.setdefault("referrer-policy", "same-origin")
        headers.setdefault("cross-origin-opener-policy", "same-origin")
        headers.setdefault("cross-origin-resource-policy", "same-origin")
        headers.setdefault("permissions-policy", "camera=(), geolocation=(), microphone=()")
        headers.setdefault("cache-control", "no-store")
        if self._https:
            headers.setdefault("strict-transport-security", "max-age=31536000")


class _Answer:
    """``send`` that adds what every answer carries, and knows whether it has begun."""

    def __init__(self, send: Send, protect: Callable[[MutableHeaders], None]) -> None:
        self._send = send
        self._protect = protect
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self._protect(MutableHeaders(scope=message))
        await self._send(message)


class _Body:
    """``receive`` that gives up on a body beyond ``most`` bytes."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self.most = most
        self.read = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self.read += len(message.get("body", b""))
        if self.read > self.most:
            raise TooLarge
        return message


class TooLarge(Exception):  # noqa: N818  (a way out of reading, not an error to show)
    """A body beyond what it may have."""


def _declared_size(scope: Scope) -> int:
    """The Content-Length of a request; one that is no number counts as too large."""
    declared = dict(scope["headers"]).get(b"content-length", b"0")
    return int(declared) if declared.isdigit() else LARGEST_BODY + 1


def _ambiguous(scope: Scope) -> bool:
    """Whether two headers say differently where the body ends: a proxy may have believed the other
    one, and what follows on the connection be somebody else's (RFC 9112 section 6.3)."""
    names = [name for name, _ in scope["headers"]]
    return b"transfer-encoding" in names and b"content-length" in names


async def _plain(status: int, words: str, scope: Scope, receive: Receive, send: Send) -> None:
    headers = {"connection": "close"} if status == 400 else None  # nothing more is read from it
    await PlainTextResponse(words + "\n", status, headers)(scope, receive, send)


def own_form(request: Request, base_url: str) -> bool:
    """Whether a POST may come from a page of ours: no other site can make a browser say so
    (Fetch Metadata; Origin where it is sent). Programs that send neither are no browsers."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None:
        return True
    here = {urlsplit(base_url).netloc, request.headers.get("host", "")}
    return urlsplit(origin).netloc in here


def is_form(request: Request) -> bool:
    """Whether the body is one a form sends."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in FORMS or (kind == "" and request.headers.get("content-length", "0") == "0")
