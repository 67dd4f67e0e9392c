"""Whatever is sent to the site: a plain 4xx page, never a 500, never anything of the inside."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailer.web.site import Site

from .conftest import Place

WHO = "founder@example.com"
SCOPES = ("confirm", "preferences", "unsubscribe", "c", "f", "view")


def refused(status: int) -> bool:
    return 400 <= status < 500


def every_link(place: Place) -> dict[str, str]:
    number = place.delivery(WHO).id
    story = place.delivery(WHO).story_ids[0]
    return {
        "c": place.links.token("click", number, story),
        "f": place.links.token("feedback", number, story, 1),
        "view": place.links.token("view", number),
        "unsubscribe": place.links.token("unsubscribe", number),
        "preferences": place.links.token("preferences", number),
        "confirm": place.links.confirm(1, 1, place.moment[0]).rpartition("/")[2],
    }


def test_a_token_works_for_one_purpose_only(place: Place) -> None:
    for name, token in every_link(place).items():
        for scope in SCOPES:
            if scope != name:
                assert place.client.get(f"/{scope}/{token}").status_code == 404, (name, scope)


def test_changed_and_shortened_tokens_are_refused(place: Place) -> None:
    chance = random.Random(7)
    for name, token in every_link(place).items():
        for _ in range(20):
            at = chance.randrange(len(token))
            other = chance.choice("ABCxyz019_-".replace(token[at], ""))
            for wrong in (token[:at] + other + token[at + 1 :], token[:at] or "x", token + other):
                for method in ("GET", "POST"):
                    if name in ("c", "view") and method == "POST":
                        continue
                    assert place.client.request(method, f"/{name}/{wrong}").status_code == 404


def test_tokens_of_what_is_not_there_are_refused(place: Place) -> None:
    for number in (999_999, 2**63 - 1, 2**64 - 1):
        for scope, path in (("view", "view"), ("unsubscribe", "unsubscribe")):
            token = place.links.token(scope, number)  # type: ignore[arg-type]  # one of the scopes
            assert place.client.get(f"/{path}/{token}").status_code == 404
        assert place.client.get(f"/c/{place.links.token('click', number, 1)}").status_code == 404
        assert (
            place.client.get(f"/f/{place.links.token('feedback', 1, number, 9)}").status_code == 404
        )
        far = place.links.token("manage", number, 0, 2**40)
        assert place.client.get(f"/preferences/{far}").status_code == 404


def test_a_thousand_random_paths(place: Place) -> None:
    chance = random.Random(11)
    letters = "abc/..%2e%00%ff;?&=<>'\"\\~ \u00e9\u2028"
    for _ in range(1_000):
        start = chance.choice(["/", *(f"/{scope}/" for scope in SCOPES), "/archive/", "/static/"])
        tail = "".join(chance.choices(letters, k=chance.randint(1, 30)))
        if (start + tail).startswith(("//", "/\\\\")):
            continue  # a host, not a path
        answer = place.client.get(start + tail)
        assert answer.status_code < 400 or refused(answer.status_code), start + tail
        assert "Traceback" not in answer.text


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    path=st.sampled_from(["/subscribe", "/unsubscribe/x", "/f/x", "/confirm/x", "/preferences/x"]),
    body=st.binary(max_size=400),
    kind=st.sampled_from(
        ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "",
         "multipart/form-data", "application/json"]
    ),
)  # fmt: skip
def test_no_body_breaks_a_page(place: Place, path: str, body: bytes, kind: str) -> None:
    answer = place.client.post(path, content=body, headers={"content-type": kind})
    assert answer.status_code < 300 or refused(answer.status_code), answer.text


def test_large_bodies_and_wrong_methods_are_refused(place: Place) -> None:
    large = {"email": "a@example.org", "more_topics": "x" * 100_000}
    assert place.client.post("/subscribe", data=large).status_code == 413
    assert place.client.request("PUT", "/subscribe").status_code == 405
    assert place.client.request("DELETE", "/archive").status_code == 405
    token = every_link(place)["c"]
    assert place.client.post(f"/c/{token}").status_code == 405
    assert place.client.post("/subscribe", json={"email": "a@example.org"}).status_code == 415


@pytest.mark.parametrize(
    "path", ["/subscribe", "/archive", "/nowhere", "/healthz", "/static/pages.css"]
)
def test_every_answer_is_protected(place: Place, path: str) -> None:
    headers = place.client.get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["strict-transport-security"]


def test_an_error_inside_shows_nothing_of_the_inside(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> str:
        raise RuntimeError("secret words")

    place.client.app.state.addresses.known = broken  # type: ignore[attr-defined]  # an ASGI app to mypy
    answer = place.client.get(f"/c/{every_link(place)['c']}")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.text == "Something went wrong here; please try again later.\n"


def test_browsers_are_told_of_an_error_on_a_page(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> str:
        raise RuntimeError("secret words")

    path, asks = f"/c/{every_link(place)['c']}", {"accept": "text/html", "accept-language": "de"}
    place.client.app.state.addresses.known = broken  # type: ignore[attr-defined]  # an ASGI app to mypy
    answer = place.client.get(path, headers=asks)
    assert (answer.status_code, "Traceback" in answer.text) == (500, False)
    assert "<h1>Das hat nicht geklappt</h1>" in answer.text
    assert 'href="/latest"' in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    large = {"email": "a@example.org", "more_topics": "x" * 100_000}
    answer = place.client.post("/subscribe", data=large, headers=asks)
    assert (answer.status_code, "<h1>Das geht leider nicht</h1>" in answer.text) == (413, True)
    monkeypatch.setattr(Site, "notice", broken)
    answer = place.client.get(path, headers=asks)
    assert (answer.status_code, answer.text.count("\n")) == (500, 1)
