"""A reader gets the part of a brief that speaks to them; what speaks to others stands back."""

import pytest

from mailer import localization
from mailer.issue import cards, servings
from mailer.issue.content import StoryContent
from mailer.issue.servings import DECIDER, PRACTITIONER, order_for

STORY = StoryContent(
    title="Tides",
    takeaway="Entrepreneurs should wait for the moon.",
    insights=("The moon pulls the sea.",),
    practice=("Data engineers should keep a table of tides.",),
)


@pytest.mark.parametrize(
    ("roles", "first", "last"),
    [
        (("Entrepreneur",), "takeaway", "practice"),
        (("CTO",), "insights", "practice"),
        (("Data Engineer",), "practice", "takeaway"),
        (("VP of Engineering",), "insights", "practice"),
    ],
)
def test_what_speaks_to_others_comes_last(roles: tuple[str, ...], first: str, last: str) -> None:
    order = order_for(STORY, servings.serving_order(roles), roles)
    told = [names[0] for names in order if getattr(STORY, names[0])]
    assert (told[0], told[-1]) == (first, last)


def test_without_a_role_or_without_another_part_nothing_stands_back() -> None:
    assert order_for(STORY, DECIDER, ()) is DECIDER
    plain = StoryContent(title="Tides", takeaway="Wait for the moon.")
    assert order_for(plain, PRACTITIONER, ("Data Engineer",)) is PRACTITIONER
    alone = StoryContent(title="Tides", takeaway=STORY.takeaway)
    told = [names[0] for names in order_for(alone, DECIDER, ("CTO",)) if getattr(alone, names[0])]
    assert told == ["takeaway"]


def test_one_point_in_a_line_is_called_one() -> None:
    several = StoryContent(title="Tides", insights=("The moon pulls.", "The sea follows."))
    part = cards.part_for(several, ("Journalist",), localization.choose("en"))
    assert part is not None
    assert (part.label, part.text) == ("Key insight", "The moon pulls.")
