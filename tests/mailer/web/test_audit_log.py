"""The audit log says in sentences who did what, with titles and links, by person and kind."""

import html
import re

import pytest

from mailer.edition import planning, sponsors
from mailer.operators import audit
from mailer.web import audit_log
from recommender.models import Story
from recommender.storage import database

from .conftest import PASSWORD, Place

ADDED = {"newsletter": "weekly", "name": "Acme", "text": "Cool.", "link": "https://acme.example/"}


def lines(place: Place, query: str = "") -> list[str]:
    """What the page says was done, without markup."""
    page = place.client.get(f"/admin/audit{query}", auth=("mina", PASSWORD))
    assert page.status_code == 200, query
    rows = re.findall(r'<td class="words">.*?</td>\s*<td class="words">(.*?)</td>', page.text)
    return [html.unescape(re.sub("<.*?>", "", row)) for row in rows]


def note(place: Place, action: str, about: str = "", who: str = "mina") -> None:
    with database.writing(place.engine) as session:
        audit.note(session, who, action, about, now=place.moment[0])


@pytest.mark.parametrize(
    ("action", "about", "sentence"),
    [
        ("hold", "newsletter=weekly period=2026-W49 story={story}", "Held “{title}”"),
        ("pin", "newsletter=weekly period=2026-W49 segment=big spenders story={story}",
         "Pinned “{title}” in the edition of 3 December 2026, for big spenders"),
        ("unpin", "newsletter=weekly period=2026-W49 story={story}", "Unpinned “{title}”"),
        ("save", "newsletter=weekly id={story}", "Edited “{title}”"),
        ("save", "newsletter=weekly id=gone/gone", "Edited the story gone/gone"),
        ("save", "newsletter=weekly period=2026-W49",
         "Changed note or subject of The Weekly Brief, 3 December 2026"),
        ("save", "period=nonsense", "Changed note or subject of The Weekly Brief, nonsense"),
        ("remove", "newsletter=weekly sponsor=1", "Removed the sponsor “Acme” of The Weekly Brief"),
        ("add", "newsletter=weekly", "Added a sponsor of The Weekly Brief"),
        ("looked up", "reader 12", "Looked up reader 12"),
        ("sign out", "", "Signed out"),
        ("user added", "joao, editor", "Made an account: joao, editor"),
        ("something new", "a=b", "Something new a=b"),
    ],
)  # fmt: skip
def test_an_entry_is_a_sentence(open_place: Place, action: str, about: str, sentence: str) -> None:
    with database.writing(open_place.engine) as session:
        story = session.get_one(Story, 1)
        named = {"story": f"{story.article.key}/{story.key}", "title": story.title}
        row = sponsors.drafted(ADDED, open_place.moment[0].date())
        row.newsletter_id = planning.newsletter_of(session, open_place.settings).id
        row.made_by, row.made_at = "mina", open_place.moment[0]
        session.add(row)
    note(open_place, action, about.format_map(named))
    assert lines(open_place) == [sentence.format_map(named)]


def test_titles_lead_to_what_was_changed(open_place: Place) -> None:
    auth = ("mina", PASSWORD)
    with database.reading(open_place.engine) as session:
        story = session.get_one(Story, 1)
        name = f"{story.article.key}/{story.key}"
    about = {"newsletter": "weekly", "period": "2026-W49", "story": name}
    for action in ("pin", "unpin"):
        open_place.client.post("/admin/editing", data={**about, "action": action}, auth=auth)
    open_place.client.post("/admin/editing/sponsors", data={**ADDED, "action": "add"}, auth=auth)
    assert [one.partition(" “")[0] for one in lines(open_place)] == [
        "Added the sponsor", "Unpinned", "Pinned",
    ]  # fmt: skip
    page = open_place.client.get("/admin/audit", auth=auth).text
    for link in re.findall(r'<td class="words">[^<]*<a href="(.*?)"', page):
        assert open_place.client.get(html.unescape(link), auth=auth).status_code == 200


def test_entries_are_chosen_by_person_and_kind_and_go_back(
    open_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_log, "SHOWN", 2)
    for number in range(5):
        note(open_place, f"did {number}")
    note(open_place, "signed in", who="joao")
    assert lines(open_place, "?who=joao") == ["Signed in"]
    assert lines(open_place, "?kind=signing+in") == ["Signed in"]
    assert lines(open_place, "?who=mina&kind=signing+in") == []
    found, query = [], "?who=mina"
    while query:
        found += lines(open_place, query)
        text = open_place.client.get(f"/admin/audit{query}", auth=("mina", PASSWORD)).text
        older = re.search(r'rel="next" href="/admin/audit(.*?)"', text)
        query = html.unescape(older[1]) if older else ""
    assert found == [f"Did {number}" for number in (4, 3, 2, 1, 0)]
    for wrong in ("?kind=x", "?before=x"):
        page = open_place.client.get(f"/admin/audit{wrong}", auth=("mina", PASSWORD))
        assert page.status_code == 404
