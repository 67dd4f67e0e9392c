"""Networks as people write them."""

import pytest

from recommender.settings.networks import networks


@pytest.mark.parametrize("wrong", ["proxy", "10.0.0.0/40", "10.0.0.1,,x", "*"])
def test_what_is_no_network_is_named(wrong: str) -> None:
    with pytest.raises(ValueError, match="is not an address or a network such as"):
        networks(wrong)
