"""Who is let in is known by a session or the key; the pages behind know a name and a role."""

from mailer.operators.users import Operator
from mailer.web import admission
from recommender.models import UserRole

from .conftest import PASSWORD, Place


def test_an_operator_may_what_the_role_says() -> None:
    editor = Operator("mina", UserRole.EDITOR, by_name=True)
    assert [editor.may(role) for role in UserRole] == [True, True, False]


def test_whoever_has_the_key_is_an_admin_by_the_name_they_give(open_place: Place) -> None:
    page = open_place.client.get("/admin", auth=("Mina", PASSWORD)).text
    assert "/admin/audit" in page
    assert "Sign out" not in page  # the browser holds the key
    form = {"action": "save", "period": "2026-W49", "subject": "S", "note": ""}
    open_place.client.post("/admin/editing", data=form, auth=("Mina", PASSWORD))
    log = open_place.client.get("/admin/audit", auth=("x", PASSWORD)).text
    assert '<td class="words">Mina</td>\n<td class="words">Changed note or subject of ' in log


def test_the_cookie_has_a_prefix_where_https_is(open_place: Place) -> None:
    site = open_place.client.app.state.site  # type: ignore[attr-defined]  # an ASGI app to mypy
    assert admission.cookie(site) == "__Host-newsletter"
