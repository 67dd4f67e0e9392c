"""Looking up a reader: status, interests, every change of consent, the latest copies with the
reasons of their stories, and answers. For editors and admins, who leave a note in the audit log
each time; the address is posted, so that it stands in no log. In English only.
"""

from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailer.web import forms
from mailer.web.admission import signed_in, signed_in_form
from mailer.web.site import Site
from recommender.errors import NotFoundError
from recommender.models import UserRole
from recommender.storage import database
from recommender.subscribers import records

COPIES, ANSWERS = 12, 30
"""The latest that are shown."""


def ask(_request: Request, site: Site) -> Response:
    """The form."""
    return _page(site)


def show(request: Request, site: Site, form: FormData) -> Response:
    """What is held of the reader with that address."""
    email = forms.text(form, "email", 320)
    with database.reading(site.engine) as session:
        try:
            reader = records.find(session, email)
        except NotFoundError:
            return _page(site, complaint="No reader has this address.", email=email)
        held = records.everything(session, reader)
        request.state.about = f"reader {reader.id}"
    held["deliveries"] = [_copy(one) for one in held["deliveries"][-COPIES:][::-1]]
    held["events"] = held["events"][-ANSWERS:][::-1]
    return _page(site, held=held, email=email)


def _copy(one: dict[str, Any]) -> dict[str, Any]:
    """A copy, with the reasons of each story in a few words."""
    picks = [
        {
            "title": pick["title"],
            "why": ", ".join(
                f"{reason['kind'].replace('_', ' ')}{': ' * bool(reason['detail'])}"
                f"{reason['detail']} ({reason['share']:.0%})"
                for reason in pick["reasons"]
            ),
        }
        for pick in one["picks"]
    ]
    return {**one, "picks": picks}


def _page(
    site: Site,
    *,
    held: dict[str, Any] | None = None,
    complaint: str = "",
    email: str = "",
) -> Response:
    return site.page(
        "admin_reader.html",
        404 if complaint else 200,
        held=held,
        complaint=complaint,
        email=email,
    )


ROUTES: list[BaseRoute] = [
    Route("/admin/reader", signed_in(ask, UserRole.EDITOR), methods=["GET"]),
    Route("/admin/reader", signed_in_form(show), methods=["POST"]),
]
