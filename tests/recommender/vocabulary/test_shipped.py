"""The files of the vocabulary that stand beside the code."""

import pytest

from recommender.errors import ConfigurationError
from recommender.vocabulary import shipped


def test_a_file_is_read_and_one_that_cannot_be_is_named() -> None:
    assert shipped.document("topics.toml")["topic"]
    with pytest.raises(ConfigurationError, match=r"lost\.toml of this installation is damaged"):
        shipped.document("lost.toml")
