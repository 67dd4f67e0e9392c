"""What the content settings promise can be kept."""

import pytest

from recommender.errors import ConfigurationError
from recommender.settings import content, load


def test_full_text_needs_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "find_spec", lambda _: None)
    assert load(None, {}).full_text is False
    with pytest.raises(ConfigurationError, match="FULL_TEXT: needs trafilatura"):
        load(None, {"NEWSLETTER_FULL_TEXT": "true"})


def test_a_knob_the_ranker_lacks_is_refused() -> None:
    assert load(None, {"NEWSLETTER_RANKER": "diversity=0.4"}).ranker == "diversity=0.4"
    with pytest.raises(ConfigurationError, match="did you mean diversity"):
        load(None, {"NEWSLETTER_RANKER": "diversty=0.4"})
