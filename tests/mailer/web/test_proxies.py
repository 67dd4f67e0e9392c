"""Behind proxies: who asks is known by a trusted proxy's word only, and any path works."""

import re
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from mailer.web import app
from mailer.web.proxies import Proxies
from recommender.errors import ConfigurationError
from recommender.models import ConsentEvent
from recommender.settings import Settings, load
from recommender.storage import database

from .conftest import PERSON, SENT_AT, Place

LINK = re.compile(r'(?:href|src|action|data-vocabulary)="(/[^"]*)"')


@pytest.fixture
def site(afterwards: Settings) -> Iterator[Callable[..., TestClient]]:
    """``site(peer, **settings)``: a client that connects from ``peer``."""
    engine = database.connect(afterwards.store_url)

    def make(peer: str = "203.0.113.9", **changes: object) -> TestClient:
        settings = afterwards.replace(**({"base_url": "https://news.example.org"} | changes))
        return TestClient(
            app.create(engine, settings, lambda: SENT_AT),
            base_url="https://198.51.100.1",
            client=(peer, 5),
            follow_redirects=False,
            headers={"user-agent": PERSON},
        )

    yield make
    engine.dispose()


@pytest.mark.parametrize(
    ("peer", "chain", "client"),
    [
        ("127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("::ffff:127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("10.1.2.3", "198.51.100.9, 203.0.113.7, 10.9.9.9", "203.0.113.7"),
        ("10.1.2.3", "203.0.113.7:4711", "203.0.113.7"),
        ("10.1.2.3", "[2001:db8::7]:4711", "2001:db8::7"),
        ("10.1.2.3", "203.0.113.7, unknown", "10.1.2.3"),
        ("10.1.2.3", "", "10.1.2.3"),
        ("203.0.113.50", "198.51.100.9", "203.0.113.50"),
    ],
)
def test_the_last_address_that_is_no_proxy_is_the_client(
    peer: str, chain: str, client: str
) -> None:
    trusted = Proxies(load(None, {"NEWSLETTER_TRUSTED_PROXIES": "10.0.0.0/8"}).proxies)
    from recommender.settings.networks import address

    assert trusted.client(str(address(peer)), chain.split(",")) == client


@pytest.mark.parametrize("named", ["127.0.0.5", "127.0.0.4/31", ["192.0.2.1", "127.0.0.5"]])
def test_readers_behind_a_named_proxy_are_counted_one_by_one(
    site: Callable[..., TestClient], afterwards: Settings, named: object
) -> None:
    client = site("127.0.0.5", trusted_proxies=named)
    answers = [
        client.post(
            "/subscribe",
            data={"email": f"reader{number}@example.org"},
            headers={"x-forwarded-for": f"198.51.{number}.7", "x-forwarded-proto": "https"},
        ).status_code
        for number in range(25)
    ]
    assert answers == [200] * 25
    engine = database.connect(afterwards.store_url)
    with database.reading(engine) as session:
        proofs = session.scalars(
            sa.select(ConsentEvent.proof).where(ConsentEvent.source == "subscribe")
        ).all()
    engine.dispose()
    assert {proof["from"] for proof in proofs} == {f"198.51.{number}.7" for number in range(25)}


def test_nobody_else_is_believed_and_the_log_says_so_once(
    site: Callable[..., TestClient],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    client = site("127.0.0.5")
    answers = [
        client.post(
            "/subscribe",
            data={"email": f"reader{number}@example.org"},
            headers={"x-forwarded-for": f"198.51.{number}.7"},
        ).status_code
        for number in range(22)
    ]
    assert answers == [200] * 20 + [429] * 2
    assert [record.getMessage()[:30] for record in caplog.records] == [
        "X-Forwarded-For of 127.0.0.5 i"
    ]


@pytest.mark.parametrize("prefix", ["", "/letter"])
def test_under_a_path_every_link_of_every_page_stays_there(
    site: Callable[..., TestClient], prefix: str
) -> None:
    client = site(base_url="https://news.example.org/letter")
    assert client.get(prefix + "/").headers["location"] == "/letter/subscribe"
    waiting, seen = ["/letter/subscribe", "/letter/archive"], set()
    while waiting:
        link = waiting.pop()
        seen.add(link)
        answer = client.get(prefix + link.removeprefix("/letter"))
        assert answer.status_code == 200, link
        found = LINK.findall(answer.text)
        found += re.findall(r"https://news\.example\.org(/[^\"<]*)", answer.text)
        assert all(one.startswith("/letter/") for one in found), (link, found)
        waiting += [one for one in set(found) if one not in seen and one not in waiting]
    assert {"/letter/archive/feed.xml", "/letter/favicon.svg"} <= seen
    assert any(one.startswith("/letter/static/pages.css?v=") for one in seen)
    assert "/letter/archive/weekly-2026-W48" in seen
    assert client.get("/letterbox/subscribe").status_code == 404


def test_a_path_that_is_a_pages_own_is_refused(site: Callable[..., TestClient]) -> None:
    with pytest.raises(ConfigurationError, match="base_url: its path must not begin with /archive"):
        site(base_url="https://news.example.org/archive")


@pytest.mark.parametrize("path", ["/confirm/SECRET/", "//evil.example/", "/subscribe/", "/static"])
def test_no_answer_leads_to_a_host_of_the_requests(place: Place, path: str) -> None:
    for headers in ({"host": "evil.example"}, {"x-forwarded-host": "evil.example"}):
        answer = place.client.get("https://news.example.org" + path, headers=headers)
        assert answer.status_code == 404
        assert "evil.example" not in answer.text + str(answer.headers)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/subscribe"])
def test_probes_may_ask_any_host(place: Place, path: str) -> None:
    answer = place.client.get(path, headers={"host": "10.1.2.3:8000"})
    assert answer.status_code == 200
    assert "10.1.2.3" not in answer.text
