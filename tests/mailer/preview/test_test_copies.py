"""A test copy goes to an address, or says why not."""

import pytest

from mailer.preview import test_copies
from recommender.errors import NewsletterError


def test_an_address_is_taken_as_it_is_mailed() -> None:
    assert test_copies.recipient(" Me@EXAMPLE.org ") == "Me@example.org"
    with pytest.raises(NewsletterError, match="'nobody' is no address"):
        test_copies.recipient("nobody")
