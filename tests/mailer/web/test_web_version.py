"""A reader's own issue on the web is the one that was mailed, but for the link to itself."""

import re
import threading
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from mailer.delivery import campaign
from recommender.models import TemplateVersion
from recommender.storage import database

from .conftest import SENT_AT, Place

WHO = "hardware@example.com"


def test_the_web_version_is_the_issue_that_was_mailed(place: Place) -> None:
    page = place.client.get(place.path(place.links.view(place.delivery(WHO).id)))
    (mail,) = [one for one in place.mail("weekly-2026-W48") if one["To"] == WHO]
    body = mail.get_body(("html",))
    assert body is not None
    mailed = body.get_content().replace("https://newsletter.example.org", place.settings.base_url)
    assert "".join(page.text.split()) == "".join(_without_the_link_to_itself(mailed).split())
    assert "noindex" in page.headers["x-robots-tag"]
    assert "script" not in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"


def _without_the_link_to_itself(mailed: str) -> str:
    links = re.findall(r"<a [^>]*/view/[^>]*>[^<]*</a> ?", mailed)
    assert len(links) == 2  # at the top and at the foot
    for link in links:
        mailed = mailed.replace(link, "")
    return mailed


def test_a_template_changed_in_the_store_is_not_run_and_the_page_says_so(
    place: Place, tmp_path: Path
) -> None:
    mark = tmp_path / "executed"
    hostile = "{{ cycler.__init__.__globals__.os.popen('touch " + str(mark) + "').read() }}"
    view = place.path(place.links.view(place.delivery(WHO).id))
    with database.writing(place.engine) as session:
        session.execute(sa.update(TemplateVersion).values(html=hostile))
    page = place.client.get(view)
    assert page.status_code == 410
    assert "This issue cannot be shown" in page.text
    assert not mark.exists()


def test_a_sender_refuses_a_template_changed_in_the_store_in_one_line(
    place: Place, tmp_path: Path
) -> None:
    mark = tmp_path / "executed"
    later = SENT_AT + timedelta(weeks=1)
    edition = campaign.plan(place.engine, place.settings, period="2026-W49", now=later)
    hostile = "{{ cycler.__init__.__globals__.os.popen('touch " + str(mark) + "').read() }}"
    with database.writing(place.engine) as session:
        session.execute(sa.update(TemplateVersion).values(text=hostile))
    summary = campaign.send(
        *(place.engine, place.settings),
        edition_id=edition,
        clock=lambda: later,
        stop=threading.Event(),
        at_local_time=False,
    )
    assert summary.sent == 0
    assert summary.trouble is not None
    assert "was changed in the store" in summary.trouble
    assert "\n" not in summary.trouble
    assert not mark.exists()
