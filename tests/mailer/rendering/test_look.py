import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.rendering.look import FONTS, READABLE, Palette, contrast, look
from mailer.rendering.sources import Source
from recommender.errors import ConfigurationError

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(colours)
def test_whatever_the_accent_all_words_can_be_read(accent: str) -> None:
    found = look(accent)
    for palette in (found.light, found.dark):
        assert faint(palette) == []


def faint(palette: Palette) -> list[tuple[str, str]]:
    pairs = [(word, ground) for word in ("ink", "quiet", "accent") for ground in GROUNDS]
    pairs.append(("on_accent", "accent"))
    return [
        (word, ground)
        for word, ground in pairs
        if contrast(getattr(palette, word), getattr(palette, ground)) < READABLE
    ]


GROUNDS = ("ground", "sheet", "box")


def test_an_accent_that_can_be_read_stays_as_it_is() -> None:
    assert look("#0b5fff").light.accent == "#0b5fff"
    assert look("#ffd400").light.accent != "#ffd400"
    assert look("#ffd400").light.mark == "#ffd400"


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


def test_the_fonts_are_such_as_need_no_loading() -> None:
    for words, labels in FONTS.values():
        assert words.endswith("serif")
        assert labels.endswith("serif")


def test_templates_are_given_the_look_when_they_are_compiled() -> None:
    assert Source("a{{ look.accent }}b{{look.font}}").with_look(
        look("#0b5fff", "verdana")
    ).text == ("a#0b5fffbVerdana, Geneva, sans-serif")
    with pytest.raises(ConfigurationError, match="look has accent, box"):
        Source("{{ look.colour }}").with_look(look())
