import dataclasses
from typing import Any

import pytest

from mailer.issue import pictures
from mailer.issue.content import StoryContent
from mailer.issue.pictures import Picture
from mailer.rendering.templates import Template
from recommender.story_text import Image
from tests.mailer.rendered import Renderer

URL = "https://pictures.example.com/lead.jpg"


def shown(**changes: Any) -> Picture | None:
    image = Image(**{"url": URL, "alt": "A robot", "width": 1200, "height": 600, **changes})
    return pictures.shown(StoryContent(title="T", image=image))


def test_a_picture_is_drawn_no_wider_than_the_column() -> None:
    assert shown() == Picture(URL, "A robot", 520)
    assert shown(width=400, height=300) == Picture(URL, "A robot", 400)
    assert shown(width=None, height=None) == Picture(URL, "A robot", 520)


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://pictures.example.com/lead.jpg"},
        {"url": URL + "?" + "a" * 1000},
        {"width": 64, "height": 64},
        {"width": 600, "height": 900},
    ],
)
def test_what_does_not_suit_a_mail_is_left_out(changes: dict[str, Any]) -> None:
    assert shown(**changes) is None


def test_only_the_lead_shows_it_with_words_and_width(issue_of: Any, template: Template) -> None:
    issue = issue_of(["1", "2"])
    face = dataclasses.replace(issue.lead.face, image=Picture(URL, 'A "robot"', 520))
    html = Renderer(template).html(
        dataclasses.replace(issue, lead=dataclasses.replace(issue.lead, face=face))
    )
    assert html.count("<img") == 1
    assert f'src="{URL}" alt="A &#34;robot&#34;" width="520"' in html
