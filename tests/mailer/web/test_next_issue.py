"""Whoever subscribes is told when their next issue comes, in their own time zone."""

import pytest

from mailer.web import next_issue
from recommender.models import Subscriber

from .conftest import Place

WHO = "new@example.org"


def test_who_has_just_confirmed_reads_when_the_next_issue_comes(place: Place) -> None:
    place.client.post("/subscribe", data={"email": WHO, "timezone": "Asia/Tokyo"})
    page = place.client.post(place.link("confirm")).text
    assert "Your next issue comes on Thursday, 26 November 2026 at 17:00 (Asia/Tokyo)." in page


def test_a_reader_of_no_open_session_is_an_error_of_the_caller() -> None:
    with pytest.raises(ValueError, match="open session"):
        next_issue.sentence(None, Subscriber())  # type: ignore[arg-type]
