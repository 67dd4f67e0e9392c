"""Where readers say what they do, they are told what of a story that brings, and what else."""

import pytest

from mailer import localization
from mailer.web import role_parts

from .conftest import Place


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ((), "until then that is “Key takeaway”, or “Key insights” where it has none."),
        (("Juggler",), "until then that is “Key takeaway”"),
        (("Juggler", "CTO"), "As CTO you see the “Key takeaway” of each story, or its “Key"),
        (("Data Engineer",), "As Data Engineer you see the “In practice” of each story"),
    ],
)
def test_a_role_brings_its_part_and_what_it_falls_back_to(
    roles: tuple[str, ...], words: str
) -> None:
    assert words in role_parts.sentence(roles, localization.choose("en"))


def test_the_next_issue_shows_the_part_for_the_readers_own_role(
    place: Place, personal: str
) -> None:
    asked = {"action": "preview", "topics": "Stream Processing", "part": "yes"}
    shown = {
        role: place.client.post(personal, data={**asked, "roles": role}).text
        for role in ("CTO", "Site Reliability Engineer")
    }
    assert shown["CTO"].count('class="part"') == 1
    assert "<strong>Key insight" in shown["CTO"]  # the takeaway is for data engineers
    assert "<strong>In practice:</strong>" in shown["Site Reliability Engineer"]
