import pytest

from mailer import localization
from mailer.issue.content import StoryContent
from mailer.issue.preheader import preheader

ENGLISH = localization.choose("en")
LEAD = StoryContent(
    title="Capital for robots",
    summary="Three funds closed in one week, all of them for machines that walk.",
    takeaway="Entrepreneurs should look for partners before they look for money.",
    practice=("Write down what the robot must not do before what it must.",),
)


@pytest.mark.parametrize(
    ("role", "start"),
    [
        ("CTO", "Write down what"),  # the takeaway addresses somebody else
        ("Startup Entrepreneur", "Entrepreneurs should look"),
        ("Machine Learning Engineer", "Write down what"),
        ("Journalist", "Write down what"),
    ],
)
def test_it_speaks_to_the_readers_own_role(role: str, start: str) -> None:
    assert preheader(LEAD, (role,), [], "Capital for robots", ENGLISH).startswith(start)


def test_where_all_is_for_others_it_still_says_what_the_lead_says() -> None:
    lead = StoryContent(title="T", takeaway="Founders should look for partners, not for money.")
    assert preheader(lead, ("CTO",), [], "T", ENGLISH).startswith("Founders should look")


def test_what_is_short_is_filled_up_with_the_other_titles() -> None:
    lead = StoryContent(title="T", summary="Short.")
    line = preheader(lead, (), ["One other story", "And another"], "T", ENGLISH)
    assert line == "Short. Also: One other story; And another"
