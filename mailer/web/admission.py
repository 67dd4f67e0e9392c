"""Who is let into the operators' pages, and as what: users by a session, which they begin on the
page to sign in (``operators``), and whoever has ``admin_password``, by the browser's own dialogue
(HTTP Basic, RFC 7617). Without either there are no such pages.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mailer import localization
from mailer.operators import audit, sessions, users
from mailer.operators.users import Operator
from mailer.web import forms, sign_in
from mailer.web.sign_in import PasswordAttempts
from mailer.web.site import Site, of
from recommender.models import UserRole
from recommender.storage import database

SIGN_IN = {"WWW-Authenticate": 'Basic realm="newsletter", charset="UTF-8"'}
SIGN_IN_FIRST = "These pages are for who runs the newsletter."
NOT_YOURS = "Your account may look at this newsletter, but not do this."
ABOUT = ("newsletter", "period", "segment", "story", "id", "sponsor")
"""Fields of forms that say what is changed, for the audit log."""
Page = Callable[[Request, Site], Response]
FormPage = Callable[[Request, Site, FormData], Response]


def operator(request: Request) -> Operator:
    """Who asks, of a request that was let in."""
    found = request.state.operator
    if not isinstance(found, Operator):
        raise TypeError("nobody was let in")
    return found


def signed_in(
    page: Page, role: UserRole = UserRole.VIEWER
) -> Callable[[Request], Awaitable[Response]]:
    """``page`` for operators with that role at least."""

    async def checked(request: Request) -> Response:
        return await run_in_threadpool(page, request, await _admitted(request, role))

    return checked


def signed_in_form(
    page: FormPage, role: UserRole = UserRole.EDITOR
) -> Callable[[Request], Awaitable[Response]]:
    """``page`` for operators with that role at least, with a form that a page of ours has sent. It
    is noted who sent which: its ``action`` and fields, or what the page gave as
    ``request.state.noted`` (what was done, and what about)."""

    async def checked(request: Request) -> Response:
        site = await _admitted(request, role)

        def handle(asked: Request, form: FormData) -> Response:
            answer = page(asked, site, form)
            if answer.status_code < 400:
                _note(site, operator(asked).name, asked, form)
            return answer

        answer: Response = await forms.post(handle)(request)
        return answer

    return checked


def _note(site: Site, who: str, request: Request, form: FormData) -> None:
    given = forms.text(form, "action") or request.url.path.rpartition("/")[2]
    action, about = getattr(request.state, "noted", (given, ""))
    if action == "preview":
        return
    about = about or " ".join(f"{name}={form[name]}" for name in ABOUT if form.get(name))
    with database.writing(site.engine) as session:
        audit.note(session, who, action, about, now=site.clock())


async def _admitted(request: Request, role: UserRole) -> Site:
    """The site for an operator with that role. HTTPException for everybody else."""
    site = replace(of(request), language=localization.choose("en"), one_language=True)
    found = await run_in_threadpool(_by_session, request, site) or await _by_key(request, site)
    request.state.operator = found
    if not found.may(role):
        raise HTTPException(403, NOT_YOURS)
    return of(request)


def _by_session(request: Request, site: Site) -> Operator | None:
    token = request.cookies.get(cookie(site))
    if not token:
        return None
    with database.reading(site.engine) as session:
        user = sessions.user_of(session, token, site.clock())
        return None if user is None else Operator(user.name, user.role, by_name=True)


async def _by_key(request: Request, site: Site) -> Operator:
    """Who knows ``admin_password``. HTTPException for everybody else, which leads those who can
    sign in by name to the page for that."""
    wanted = site.settings.admin_password
    header = request.headers.get("authorization", "")
    given = sign_in.password(header)
    if given is None or wanted is None:
        if await run_in_threadpool(_by_name_too, site) and given is None:
            raise HTTPException(303, SIGN_IN_FIRST, {"Location": site.path("/admin/sign-in")})
        if wanted is None:
            raise HTTPException(404)
        raise HTTPException(401, SIGN_IN_FIRST, SIGN_IN)
    attempts: PasswordAttempts = request.app.state.password_attempts
    await attempts.slow()
    right = sign_in.same(given, wanted.get_secret_value().encode())
    client = forms.client(request)
    refuse_for_now(site, await run_in_threadpool(attempts.held_off, client, right=right))
    if not right:
        raise HTTPException(401, SIGN_IN_FIRST, SIGN_IN)
    return Operator(sign_in.name(header), UserRole.ADMIN, by_name=False)


def refuse_for_now(site: Site, until: datetime | None) -> None:
    """HTTPException 429 until then, where a client is not listened to."""
    if until is None:
        return
    wait = max(1, round((until - site.clock()).total_seconds()))
    why = "Too many wrong passwords came from where you are."
    raise HTTPException(429, why, {"Retry-After": str(wait)})


def _by_name_too(site: Site) -> bool:
    with database.reading(site.engine) as session:
        return users.any_enabled(session)


def cookie(site: Site) -> str:
    """What the cookie of a session is called; the prefix binds it to this host and to https."""
    secure = site.settings.base_url.startswith("https://")
    return "__Host-newsletter" if secure else "newsletter"
