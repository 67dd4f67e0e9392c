"""Every topic of a digest leads somewhere: to its story, or to a card that says where it stands."""

from pathlib import Path

import pytest

from mailer.cli import run
from mailer.issue import wording
from mailer.localization import choose
from recommender.articles import placements
from recommender.articles.placements import Placement
from recommender.ranking.ranker import Ranker
from recommender.ranking.settings import RankingSettings
from recommender.ranking.values import ListRequest, Reader, Story
from recommender.story_text import StoryText
from tests.recommender.conftest import NOW

DIGEST = [
    Story("d/a", "d", "a", title="Kilns in winter", summary="A potter fires at night.",
          topics={"Pottery": 1.0}, position=0),
    Story("d/b", "d", "b", title="Looms that hum", topics={"Weaving": 1.0}, position=1),
    Story("d/c", "d", "c", title="Bees come home", summary="Keepers count their hives.",
          topics={"Beekeeping": 1.0}, position=2),
]  # fmt: skip
TEXT = StoryText(title="A digest", practice=("Try a rigid-heddle frame.", "Sharpen chisels often."))
TOPICS = ["Pottery", "weaving", "Beekeeping", "Chisels", "Astronomy"]


def test_the_first_card_tells_of_titles_without_text_and_of_points_without_title() -> None:
    placed = placements.place(DIGEST, TOPICS, TEXT)
    assert placed is not None
    assert placed.lead.id == "d/a"
    assert placed.placements == (
        Placement("weaving", "Looms that hum", 2, 3),
        Placement("Chisels", "Sharpen chisels often.", 0, 3),
    )
    assert placed.lead.topics["Pottery"] == 1.0
    assert placements.place(DIGEST[:1], TOPICS, TEXT) is None
    assert placements.place(DIGEST, ["Pottery"], TEXT) is None


@pytest.mark.parametrize(
    ("topic", "story"),
    [("Pottery", "d/a"), ("Beekeeping", "d/c"), ("Weaving", "d/a"), ("Chisels", "d/a")],
)
def test_who_follows_any_of_them_gets_a_card_for_that_topic(topic: str, story: str) -> None:
    placed = placements.place(DIGEST, TOPICS, TEXT)
    assert placed is not None
    ranker = Ranker([placed.lead, *DIGEST[1:]], settings=RankingSettings(explore=False))
    [found] = ranker.rank([Reader("r", (), {topic: 1.0})], ListRequest(now=NOW, top=3))
    assert found.picks[0].story == story
    assert found.picks[0].reasons[0].kind == "topic"
    assert "d/b" not in {pick.story for pick in found.picks}


def test_the_card_says_where() -> None:
    english = choose("en")
    titled = wording.placed(Placement("Weaving", "Looms that hum", 2, 3), english)
    assert titled == "You follow Weaving: this digest has “Looms that hum”, 2 of 3."
    point = wording.placed(Placement("Chisels", "Sharpen chisels often.", 0, 3), english)
    assert point == "You follow Chisels; this digest says: “Sharpen chisels often.”"


def test_an_issue_from_the_store_says_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEWSLETTER_HOME", str(tmp_path / "var"))
    assert run(["init"]) == 0
    brief = tmp_path / "digest.jsonl"
    brief.write_text(
        '{"id": "d", "title": "A digest", "topics": ["Pottery", "Weaving"], "stories": ['
        '{"id": "a", "title": "Kilns in winter", "summary": "A potter fires at night.", '
        '"topics": ["Pottery"]}, {"id": "b", "title": "Looms that hum", "topics": ["Weaving"]}]}\n'
    )
    assert run(["articles", "import", str(brief)]) == 0
    add = ["subscribers", "add", "w@example.com", "--topic", "Weaving"]
    assert run(add) == 0
    capsys.readouterr()
    assert run(["picks", "w@example.com"]) == 0
    assert "in its digest (2 of 2): Looms that hum" in capsys.readouterr().out
    assert run(["preview", "w@example.com"]) == 0
    assert "this digest has “Looms that hum”, 2 of 2." in " ".join(capsys.readouterr().out.split())
