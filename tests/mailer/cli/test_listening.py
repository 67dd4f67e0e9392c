"""A place that is taken is one line, and it is known who can ask."""

import pytest

from mailer.cli import listening
from recommender.errors import ConfigurationError


def test_a_place_that_is_taken_is_said() -> None:
    with listening.listen("127.0.0.1", 0) as place:
        port = place.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"cannot listen on 127.0.0.1:{port}: Address"):
            listening.listen("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "only_here"), [("127.0.0.1", True), ("::1", True), ("192.0.2.1", False), ("x", False)]
)
def test_who_can_ask_follows_from_the_address(host: str, *, only_here: bool) -> None:
    assert listening.for_this_machine(host) == only_here
