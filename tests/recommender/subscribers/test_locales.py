"""Languages are understood as systems and people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.subscribers import locales


@pytest.mark.parametrize(
    ("text", "tag"),
    [("en_US.UTF-8", "en-US"), ("de_AT@euro", "de-AT"), ("EN", "en"), ("fr-ca", "fr-CA"),
     ("zh_hans_CN", "zh-Hans-CN"), ("sr_LATN", "sr-Latn"), ("English", "en"),
     ("English (US)", "en"), ("Deutsch", "de"), ("allemand", "de"), ("ESPAÑOL", "es"),
     ("ger", "de"), ("es-419", "es-419"), ("C", None), ("POSIX", None), ("C.UTF-8", None)],
)  # fmt: skip
def test_it_is_read_as_it_is_written(text: str, tag: str | None) -> None:
    assert locales.tag(text) == tag


@pytest.mark.parametrize("text", ["Klingonese", "x", "en US", "12", "de--AT", ""])
def test_what_is_no_language_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="language tag"):
        locales.tag(text)


@given(st.text(max_size=40))
def test_a_tag_is_its_own_tag(text: str) -> None:
    try:
        found = locales.tag(text)
    except ValueError:
        return
    assert found is None or locales.tag(found) == found
