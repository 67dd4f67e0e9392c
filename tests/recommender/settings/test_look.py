from typing import get_args

import pytest

from mailer.edition import templates
from mailer.rendering.look import ACCENT, FONT, FONTS
from recommender import settings
from recommender.errors import ConfigurationError
from recommender.settings import Settings
from recommender.settings.look import Font


def load(**values: str) -> Settings:
    return settings.load(environment={f"NEWSLETTER_{k.upper()}": v for k, v in values.items()})


def test_colours_are_read_in_the_usual_ways() -> None:
    assert [load(accent=one).accent for one in ("#0B5FFF", "0b5fff", "#05f")] == [
        "#0b5fff", "#0b5fff", "#0055ff",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("accent", "blue"),
        ("accent", "#12345"),
        ("font", "Comic Sans"),
        ("logo", "http://example.org/logo.png"),
        ("logo", "javascript:alert(1)"),
        ("logo", 'https://example.org/"><script>'),
        ("imprint_url", "example.org"),
        ("tagline", "two\nlines"),
        ("logo_width", "5000"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_name(key: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"NEWSLETTER_{key.upper()}: "):
        load(**{key: value})


def test_the_fonts_to_choose_from_are_those_there_are() -> None:
    assert set(get_args(get_args(Font)[0])) == set(FONTS)
    assert (load().accent, load().font) == (ACCENT, FONT)


def test_the_look_is_compiled_into_the_template_and_changes_its_hash() -> None:
    plain, blue = templates.installed(load()), templates.installed(load(accent="#0b5fff"))
    assert "#0b5fff" in blue.html
    assert ACCENT not in blue.html
    assert plain.hash != blue.hash
    assert plain == templates.installed(load())
