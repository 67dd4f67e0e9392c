"""What was tried against the pages in a review, each attack as a test: nothing of it works."""

from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa
from selectolax.lexbor import LexborHTMLParser

from mailer.engagement.feedback import MOST_REPEATS
from recommender.models import Base, EditionStory, Story, Subscriber
from recommender.storage import database
from recommender.subscribers import consent

from .conftest import Place
from .test_security import every_link

WHO, OTHER_SITE = "founder@example.com", "https://evil.example"
BAD = "<img src=x onerror=alert(1)>\"'><script>alert(1)</script></title><svg/onload=alert(1)>]]>"
FORGED: list[dict[str, str]] = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "cross-site", "origin": "https://news.example.org"},
    {"sec-fetch-site": "nonsense"},
    {"origin": OTHER_SITE},
    {"origin": "null"},
    {"origin": "https://news.example.org.evil.example"},
    {"origin": "https://evil.example/https://news.example.org"},
]


def rows(place: Place) -> dict[str, list[str]]:
    """All that the store holds, but counts of limits."""
    place.client.app.state.clicks.flush()  # type: ignore[attr-defined]  # an ASGI app to mypy
    with place.engine.connect() as connection:
        return {
            table.name: sorted(str(tuple(row)) for row in connection.execute(sa.select(table)))
            for table in Base.metadata.sorted_tables
            if table.name != "rate_limits"
        }


def personal(place: Place) -> dict[str, str]:
    """A link of each kind that changes something, one of them the reader's own."""
    with database.reading(place.engine) as session:
        reader = session.scalars(sa.select(Subscriber).where(Subscriber.email == WHO)).one()
    later = place.moment[0].replace(year=2027)
    made = {
        "confirm": place.links.confirm(reader.id, reader.link_key, later),
        "preferences": place.links.manage(reader.id, reader.link_key, later),
        "address": place.links.address(reader.id, reader.link_key, later),
    }
    return {name: place.path(url) for name, url in made.items()}


@pytest.mark.parametrize("headers", FORGED, ids=lambda one: " ".join(one.values()))
def test_no_other_site_can_send_a_form_of_ours(place: Place, headers: dict[str, str]) -> None:
    own, links = personal(place), every_link(place)
    before = rows(place)
    for path, data in (
        ("/subscribe", {"email": "new@example.org"}),
        (own["confirm"], {}),
        (own["preferences"], {"action": "erase", "sure": "yes"}),
        (own["preferences"], {"action": "unsubscribe"}),
        (own["address"], {}),
        (f"/f/{links['f']}", {}),
        (f"/preferences/{links['preferences']}", {}),
    ):
        assert place.client.post(path, data=data, headers=headers).status_code == 403, path
    assert rows(place) == before
    assert place.mail() == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_looking_at_any_link_changes_nothing(place: Place, method: str) -> None:
    paths = [f"/{name}/{token}" for name, token in every_link(place).items() if name != "c"]
    paths += [*personal(place).values(), "/subscribe", "/archive", "/archive/feed.xml", "/healthz"]
    before = rows(place)
    for path in paths:
        for extra in ("", "?action=erase&sure=yes", "?List-Unsubscribe=One-Click"):
            assert place.client.request(method, path + extra).status_code < 500
    assert rows(place) == before


SPLITTING = (
    "x%0d%0aSet-Cookie:%20a=b",
    "x%0aLocation:%20https://evil.example",
    "x%E5%98%8A%E5%98%8D",
)


@pytest.mark.parametrize("word", SPLITTING)
def test_no_path_or_query_becomes_a_header(place: Place, word: str) -> None:
    token = every_link(place)["c"]
    for path in (f"/c/{word}", f"/c/{token}?u={word}", f"/archive/{word}", f"/{word}", f"/?{word}",
                 f"/confirm/{word}", f"/c/{token}{word}", f"/static/{word}"):  # fmt: skip
        answer = place.client.get(path)
        assert "set-cookie" not in answer.headers
        assert "evil.example" not in answer.headers.get("location", "")


@pytest.mark.parametrize(
    "way",
    ["../newsletter.db", "..%2f..%2fnewsletter.db", "%2e%2e/%2e%2e/secret_key",
     "....//....//etc/passwd", "/etc/passwd", "..\\..\\secret_key", "%00/etc/passwd"],
)  # fmt: skip
def test_no_way_leads_out_of_the_folder(place: Place, way: str) -> None:
    for start in ("/static/", "/archive/", "/view/"):
        answer = place.client.get(start + way)
        assert answer.status_code in (307, 400, 404)
        assert "root:" not in answer.text
        assert "SQLite" not in answer.text


def malformed() -> Iterator[tuple[str, bytes]]:
    form, multipart = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"
    part = b'--b\r\nContent-Disposition: form-data; name="email"%s\r\n\r\n%s\r\n'
    yield from ((form, body) for body in (
        b"", b"=", b"&&&&", b"email", b"email=%", b"email=%zz", b"email=%ff%fe", b"\xff\xfe\x00",
        b"email=a@b.c&email=d@e.f", b"email[]=a@b.c", b"email=" + b"a" * 30_000 + b"@example.org",
        b"&".join(b"topics=%d" % n for n in range(3_000)), b"email=a%00@example.org",
        b"level:%0d%0a=love&email=a@example.org", b"level:AI Strategy=keep:nan&email=a@example.org",
        b"email=a@example.org&locale=" + b"x" * 35, b"email=a@example.org&weeks=-1&hour=99",
        b"email=a@example.org&timezone=../../etc/passwd",
    ))  # fmt: skip
    yield from ((multipart, body) for body in (
        b"", b"--b", b"--b--\r\n", b"--b\r\n\r\n\r\n", part % (b"", b"a@b.c"),
        part % (b'; filename="x"', b"a@b.c") + b"--b--\r\n",
        part % (b"", b"\xff\xff") + b"--b--\r\n",
        b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n",
        b"--b\r\nContent-Disposition: form-data; name*=utf-16''%ff\r\n\r\nx\r\n--b--\r\n",
    ))  # fmt: skip
    yield "multipart/form-data; boundary=" + "b" * 5_000, b"--b--"
    yield "multipart/form-data; boundary=", b"--\r\n"
    yield f"{form}; charset=utf-7", b"email=+AGE-@example.org"
    yield f"{form}; charset=no-such", b"email=a@example.org"


def test_no_malformed_form_breaks_a_page(place: Place) -> None:
    own, links = personal(place), every_link(place)
    paths = ["/subscribe", own["preferences"], f"/f/{links['f']}", f"/unsubscribe/{links['view']}"]
    kinds = list(malformed())
    assert len(kinds) >= 20
    for kind, body in kinds:
        for path in paths:
            answer = place.client.post(path, content=body, headers={"content-type": kind})
            assert answer.status_code < 500, (path, kind, body[:80])


@pytest.fixture
def poisoned(place: Place) -> Place:
    """The site with markup in every text that comes from articles and readers."""
    with database.writing(place.engine) as session:
        for story in session.scalars(sa.select(Story)):
            story.title = f"{BAD} {story.id}"
        for frozen in session.scalars(sa.select(EditionStory)):
            frozen.content = {
                key: f"{BAD} {value}" if isinstance(value, str) and key != "url" else value
                for key, value in frozen.content.items()
            }
        session.execute(sa.update(Subscriber).values(name=BAD[:200], attributes={"a": BAD}))
    return place


def pages(place: Place) -> Iterator[tuple[str, str]]:
    """Every page that shows a text from outside, with its path."""
    client, links, own = place.client, every_link(place), personal(place)
    for name in ("f", "view", "unsubscribe", "preferences"):
        yield name, client.get(f"/{name}/{links[name]}").text
    for name, path in own.items():
        yield name, client.get(path).text
    for path in (
        "/archive",
        f"/archive?q={BAD}",
        "/archive/weekly-2026-W48",
        "/subscribe",
        f"/{BAD}",
    ):
        yield path, client.get(path).text
    for data in ({"email": BAD}, {"email": "a@example.org", "more_topics": BAD},
                 {"email": "a@example.org", "name": BAD, "action": "preview"}):  # fmt: skip
        yield "form", client.post("/subscribe", data=data).text
    for data in (
        {"name": BAD, "timezone": BAD},
        {"action": "address", "email": BAD},
        {"name": BAD},
    ):
        yield "own form", client.post(own["preferences"], data=data).text
    yield "answer", client.post(f"/f/{links['f']}", data={}).text


def test_no_text_becomes_an_element_on_any_page(poisoned: Place) -> None:
    shown = list(pages(poisoned))
    assert len(shown) > 15
    assert sum("alert(1)" in html for _, html in shown) >= 5  # as text it may stand there
    for where, html in shown:
        tree = LexborHTMLParser(html)
        assert not tree.css("[onerror], [onload], [src=x]"), where
        assert not [one for one in tree.css("script") if "alert" in (one.text() or "")], where
        assert not [one for one in tree.css("svg") if "onload" in (one.html or "")], where


def test_the_feed_is_well_formed_whatever_a_title_holds(poisoned: Place) -> None:
    feed = ElementTree.fromstring(poisoned.client.get("/archive/feed.xml").content)  # noqa: S314
    texts = "".join(feed.itertext())
    assert {one.tag.partition("}")[2] for one in feed.iter()}.isdisjoint({"script", "img", "svg"})
    assert texts


def work(place: Place, email: str) -> tuple[int, str, list[str]]:
    """What a request to subscribe costs until it is answered: status, page, statements."""
    done: list[str] = []

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        done.append(statement)

    sa.event.listen(place.engine, "before_cursor_execute", note)
    try:
        answer = place.client.post("/subscribe", data={"email": email})
    finally:
        sa.event.remove(place.engine, "before_cursor_execute", note)
    limits = [index for index, one in enumerate(done) if "rate_limits" in one]
    before = [one for one in done[: limits[-1]] if "rate_limits" not in one]
    return answer.status_code, answer.text.replace(email, "X"), before


def test_neither_words_nor_work_tell_who_is_known(place: Place) -> None:
    """The mail and all that differs come after the answer (a background task of the answer)."""
    with database.writing(place.engine) as session:
        for email, reason in (("never@example.org", "complaint"), ("gone@example.org", "erased")):
            consent.suppress(session, email, reason=reason, now=place.moment[0], proof={})
    work(place, "first@example.org")
    seen = []
    for email in (WHO, "new@example.org", "never@example.org", "gone@example.org"):
        place.pass_time(seconds=70)
        seen.append(work(place, email))
    assert [one[:2] for one in seen] == [seen[0][:2]] * 4
    assert [one[2] for one in seen] == [seen[0][2]] * 4


def test_a_forwarded_issue_gives_away_neither_address_nor_choices(place: Place) -> None:
    links = every_link(place)
    with database.reading(place.engine) as session:
        reader = session.scalars(sa.select(Subscriber).where(Subscriber.email == WHO)).one()
        topics = [one.topic.name for one in reader.topics]
    assert topics
    for name in ("c", "f", "view", "unsubscribe", "preferences"):
        answer = place.client.get(f"/{name}/{links[name]}")
        assert WHO not in answer.text
        assert WHO not in str(answer.headers)
    offered = place.client.get(f"/preferences/{links['preferences']}").text
    assert not [name for name in topics if name in offered]
    asked = place.client.post(f"/preferences/{links['preferences']}", data={"action": "export"})
    assert not [word for word in (WHO, *topics) if word in asked.text]


def test_clicks_and_verdicts_are_bounded(place: Place) -> None:
    links, copy = every_link(place), place.delivery(WHO)
    for turn in range(60):
        place.pass_time(seconds=70)
        place.client.get(f"/c/{links['c']}")
        kind = turn % 2
        token = place.links.token("feedback", copy.id, copy.story_ids[0], kind)
        place.client.post(f"/f/{token}", data={})
    kinds = [str(event.kind) for event in place.events()]
    assert sum(kind in ("more", "less") for kind in kinds) == 1
    assert kinds.count("click") <= MOST_REPEATS
