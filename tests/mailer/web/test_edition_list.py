"""The list of editions: titles that lead on, figures as the report has them, a page at a time."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from mailer.reports import edition_report, edition_statistics
from mailer.web import edition_list
from recommender.models import Delivery, Edition, EditionState, Event, EventKind
from recommender.storage import database

from .conftest import PASSWORD, SENT_AT, Place


def cells(text: str) -> dict[str, str]:
    """The figures of the first edition of the list."""
    row = text.partition("<tbody>")[2].partition("</tr>")[0]
    return dict(re.findall(r'<td data-label="(\w+)">(.*?)</td>', row))


def test_figures_are_those_of_the_report(open_place: Place) -> None:
    with database.writing(open_place.engine) as session:
        copies = session.scalars(sa.select(Delivery).order_by(Delivery.id)).all()
        for at, kind in ((0, EventKind.BOUNCE), (1, EventKind.CLICK), (1, EventKind.MORE),
                         (2, EventKind.CLICK), (2, EventKind.UNSUBSCRIBE)):  # fmt: skip
            session.add(Event(at=SENT_AT, kind=kind, subscriber_id=copies[at].subscriber_id,
                              delivery_id=copies[at].id))  # fmt: skip
        edition = session.get_one(Edition, copies[0].edition_id)
        session.flush()
        funnel = edition_report.report(session, edition, now=SENT_AT)["funnel"]
        figures = edition_statistics.figures(session, edition.id)
    assert figures is not None
    assert {name: getattr(figures, name) for name in funnel if name != "due"} == {
        name: number for name, number in funnel.items() if name != "due"
    }
    page = open_place.client.get("/admin", auth=("x", PASSWORD)).text
    assert cells(page) == {
        "sent": "12", "read": "18.2%", "more": "9.1%", "less": "0%", "unsubscribed": "9.1%",
    }  # fmt: skip
    assert 'href="/admin/weekly-2026-W48"' in page


def test_older_editions_are_on_further_pages(
    open_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edition_list, "LISTED", 2)
    with database.writing(open_place.engine) as session:
        first = session.scalars(sa.select(Edition)).one()
        for back in range(1, 5):
            at = SENT_AT - timedelta(weeks=back)
            session.add(Edition(newsletter_id=first.newsletter_id, period=f"2026-W{48 - back}",
                                template_hash=first.template_hash, planned_at=at,
                                state=EditionState.PLANNED))  # fmt: skip
    found = []
    for number in (1, 2, 3):
        text = open_place.client.get(f"/admin?page={number}", auth=("x", PASSWORD)).text
        found += re.findall(r"/admin/weekly-(2026-W\d\d)", text)
        assert (('rel="prev"' in text), ('rel="next"' in text)) == (number > 1, number < 3)
    assert found == [f"2026-W{48 - back}" for back in range(5)]
    for wrong in ("4", "0", "x", "99999"):
        page = open_place.client.get(f"/admin?page={wrong}", auth=("x", PASSWORD))
        assert page.status_code == 404


def test_a_large_edition_that_was_never_counted_says_so(
    open_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edition_statistics, "SMALL", 2)
    page = open_place.client.get("/admin", auth=("x", PASSWORD)).text
    assert "not counted yet" in page
