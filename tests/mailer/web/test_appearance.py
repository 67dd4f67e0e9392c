"""One stylesheet in the newsletter's colours, its icon, and what is shown where it is shared."""

import re

from mailer.rendering import standalone
from mailer.rendering.look import look
from mailer.web import appearance

from .conftest import Place


def test_the_stylesheet_is_small_and_in_the_colours_of_the_accent() -> None:
    plain, blue = standalone.stylesheet(look()), standalone.stylesheet(look("#0b5fff", "verdana"))
    assert len(plain.encode()) < 30_000
    assert "--accent: #0b5fff;" in blue
    assert "--font: Verdana" in blue
    assert appearance.version(plain) != appearance.version(blue)
    assert not re.search(r"url\(|@import|#[0-9a-f]{3,8}", blue.partition("* {")[2])


def test_pages_link_to_it_and_to_the_icon(place: Place) -> None:
    page = place.client.get("/subscribe").text
    [address] = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
    answer = place.client.get(address)
    assert answer.headers["content-type"].startswith("text/css")
    assert "max-age" in answer.headers["cache-control"]
    for path in ("/favicon.svg", "/favicon.ico"):
        assert ">T</text>" in place.client.get(path).text  # The Weekly Brief
    assert "&lt;" in appearance.icon("<b>", look().light) or ">B<" in appearance.icon(
        "<b>", look().light
    )


def test_public_pages_say_what_they_are_where_they_are_shared(place: Place) -> None:
    for path in ("/subscribe", "/archive", "/archive/weekly-2026-W48"):
        page = place.client.get(path).text
        for name in ("og:title", "og:description", "og:url", "og:type"):
            assert f'property="{name}"' in page, (path, name)
        assert f'href="https://news.example.org{path}"' in page
