"""Signing in to the operators' pages by name, and signing out.

A session is a cookie that no script reads and no other site sends; it ends after twelve hours, with
"sign out", and when the account is disabled. In English only.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from mailer import localization
from mailer.operators import audit, sessions, users
from mailer.web import admission, forms
from mailer.web.admission import cookie, signed_in, signed_in_form
from mailer.web.sign_in import PasswordAttempts
from mailer.web.site import Site, of
from recommender.models import UserRole
from recommender.storage import database

WRONG = "Name, password or code is wrong."


def ask(request: Request) -> Response:
    """The page to sign in; not there where nobody can by name."""
    return _page(_site(request))


def _site(request: Request) -> Site:
    site = replace(of(request), language=localization.choose("en"), one_language=True)
    with database.reading(site.engine) as session:
        if not users.any_enabled(session):
            raise HTTPException(404)
    return site


def _page(site: Site, complaint: str = "", status: int = 200) -> Response:
    key = site.settings.admin_password is not None
    return site.page("admin_sign_in.html", status, complaint=complaint, key=key)


def _let_in(request: Request, form: FormData) -> Response:
    site = _site(request)
    attempts: PasswordAttempts = request.app.state.password_attempts
    client, now = forms.client(request), site.clock()
    admission.refuse_for_now(site, attempts.held_off(client, right=True))
    name, code = forms.text(form, "name", 64), forms.text(form, "code", 20)
    with database.writing(site.engine) as session:
        user = users.proven(session, name, forms.text(form, "password", 1_000), code, now)
        token = None if user is None else sessions.begin(session, user, now)
        if user is not None:
            audit.note(session, user.name, "signed in", now=now)
    if token is None:
        admission.refuse_for_now(site, attempts.held_off(client, right=False))
        return _page(site, WRONG, 403)
    answer = RedirectResponse(site.path("/admin"), 303)
    answer.set_cookie(cookie(site), token, int(sessions.LENGTH.total_seconds()), **_terms(site))
    return answer


def _terms(site: Site) -> dict[str, Any]:
    secure = site.settings.base_url.startswith("https://")
    return {"path": "/", "secure": secure, "httponly": True, "samesite": "strict"}


def let_in() -> Callable[[Request], Awaitable[Response]]:
    """Take name, password and code; slower when many are guessed."""
    take = forms.post(_let_in)

    async def slowly(request: Request) -> Response:
        await request.app.state.password_attempts.slow()
        answer: Response = await take(request)
        return answer

    return slowly


def by_key(_request: Request, site: Site) -> Response:
    """Where the browser has asked for the key, it goes on to the pages."""
    return RedirectResponse(site.path("/admin"), 303)


def sign_out(request: Request, site: Site, form: FormData) -> Response:
    """End this session, or all of this user."""
    token = request.cookies.get(cookie(site), "")
    with database.writing(site.engine) as session:
        user = sessions.user_of(session, token, site.clock())
        if user is not None and form.get("action") == "sign out everywhere":
            sessions.end_all(session, user)
        sessions.end(session, token)
    answer = RedirectResponse(site.path("/admin/sign-in"), 303)
    answer.delete_cookie(cookie(site), **_terms(site))
    return answer


ROUTES: list[BaseRoute] = [
    Route("/admin/sign-in", ask, methods=["GET"]),
    Route("/admin/sign-in", let_in(), methods=["POST"]),
    Route("/admin/sign-in/key", signed_in(by_key), methods=["GET"]),
    Route("/admin/sign-out", signed_in_form(sign_out, UserRole.VIEWER), methods=["POST"]),
]
