"""Operators sign in by name, are let into what their role is for, and out again."""

import re
from collections.abc import Callable

import pyotp
import pytest

from mailer.operators import users
from recommender.models import UserRole
from recommender.storage import database

from .conftest import PASSWORD as KEY
from .conftest import Place

PASSWORD = "f7Q-late-otter-9-window"
SignIn = Callable[..., int]


@pytest.fixture
def sign_in(place: Place) -> SignIn:
    with database.writing(place.engine) as session:
        for role in UserRole:
            users.add(session, f"the-{role}", role, PASSWORD, totp=False, now=place.moment[0])

    def sign_in(name: str, password: str = PASSWORD, code: str = "") -> int:
        form = {"name": name, "password": password, "code": code}
        answer = place.client.post("/admin/sign-in", data=form, follow_redirects=False)
        return answer.status_code

    return sign_in


def status(place: Place, path: str, method: str = "GET") -> int:
    return place.client.request(method, path, follow_redirects=False, data={}).status_code


def test_where_nobody_has_an_account_there_is_no_such_page(place: Place) -> None:
    assert [status(place, path) for path in ("/admin", "/admin/sign-in")] == [404, 404]


def test_a_role_opens_its_pages_and_no_others(place: Place, sign_in: SignIn) -> None:
    assert status(place, "/admin") == 303  # to the page to sign in
    for role, may in (
        ("viewer", [200, 403, 403]), ("editor", [200, 200, 403]), ("admin", [200, 200, 200]),
    ):  # fmt: skip
        place.client.cookies.clear()
        assert sign_in(f"the-{role}") == 303
        assert [status(place, f"/admin{path}") for path in ("", "/editing", "/audit")] == may
        posted = status(place, "/admin/editing", "POST")
        assert posted == 403 if role == "viewer" else posted in (303, 400)
    [cookie] = [one for one in place.client.cookies.jar if one.name == "__Host-newsletter"]
    assert (cookie.secure, cookie.path, len(cookie.value or "")) == (True, "/", 43)
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "strict"


def test_signing_out_ends_this_browser_and_everywhere_ends_all(
    place: Place, sign_in: SignIn
) -> None:
    sign_in("the-viewer")
    first = dict(place.client.cookies)
    place.client.cookies.clear()
    sign_in("the-viewer")
    for action, left in (("sign out", 200), ("sign out everywhere", 303)):
        place.client.post("/admin/sign-out", data={"action": action}, follow_redirects=False)
        assert status(place, "/admin") == 303
        place.client.cookies.update(first)
        assert status(place, "/admin") == left


def test_another_site_can_neither_sign_in_nor_out(place: Place, sign_in: SignIn) -> None:
    sign_in("the-editor")
    elsewhere = {"sec-fetch-site": "cross-site"}
    for path in ("/admin/sign-in", "/admin/sign-out", "/admin/editing"):
        answer = place.client.post(path, data={"name": "x"}, headers=elsewhere)
        assert answer.status_code == 403, path
    assert status(place, "/admin") == 200


def test_guessing_is_stopped_and_counts_with_the_keys(place: Place, sign_in: SignIn) -> None:
    tried = [sign_in("the-admin", f"guess {number}") for number in range(7)]
    assert tried == [403] * 5 + [429] * 2
    assert sign_in("the-admin") == 429
    place.pass_time(seconds=63)
    assert sign_in("the-admin") == 303


def test_what_is_done_is_in_the_audit_log(place: Place, sign_in: SignIn) -> None:
    sign_in("the-admin")
    form = {"action": "save", "period": "2026-W49", "subject": "A subject", "note": ""}
    answer = place.client.post("/admin/editing", data=form, follow_redirects=False)
    assert answer.status_code == 303
    place.client.post("/admin/sign-out", data={"action": "sign out"})
    sign_in("the-admin")
    page = place.client.get("/admin/audit").text
    entries = re.findall(r'<td class="words">([^<]*)', page)
    assert entries == [
        "the-admin", "Signed in",
        "the-admin", "Signed out",
        "the-admin", "Changed note or subject of ",
        "the-admin", "Signed in",
    ]  # fmt: skip
    assert "(the-admin, " in place.client.get("/admin/editing?period=2026-W49").text


def test_a_second_factor_is_asked_for(place: Place, sign_in: SignIn) -> None:
    with database.writing(place.engine) as session:
        user = users.add(session, "two", UserRole.ADMIN, PASSWORD, totp=True, now=place.moment[0])
        secret = user.totp_secret or ""
    assert sign_in("two") == 403
    assert sign_in("two", code=pyotp.TOTP(secret).at(place.moment[0])) == 303


def test_the_key_opens_the_pages_beside_accounts(open_place: Place) -> None:
    with database.writing(open_place.engine) as session:
        users.add(session, "mina", UserRole.VIEWER, PASSWORD, totp=False, now=open_place.moment[0])
    assert status(open_place, "/admin") == 303
    assert status(open_place, "/admin/sign-in/key") == 303  # to the page: nobody was asked yet
    assert open_place.client.get("/admin/audit", auth=("me", KEY)).status_code == 200
    assert open_place.client.get("/admin", auth=("me", "wrong")).status_code == 401
