"""``newsletter articles`` on the sample content."""

from .conftest import Run, answer


def test_a_withdrawn_article_is_not_chosen(newsletter: Run) -> None:
    lead = answer(newsletter, "picks", "sre@example.com")["picks"][0]
    newsletter("articles", "withdraw", lead["article"])
    after = answer(newsletter, "picks", "sre@example.com")["picks"]
    assert lead["article"] not in [pick["article"] for pick in after]


def test_related_stories_are_those_of_other_articles_on_the_same_subject(newsletter: Run) -> None:
    found = answer(newsletter, "articles", "related", "write-ahead-log-promises", "--limit", "3")
    assert found["article"] == "write-ahead-log-promises"
    scores = [story["score"] for story in found["related"]]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)
    assert all(story["article"] != found["article"] for story in found["related"])
    assert "event-time-watermarks" in [story["article"] for story in found["related"]]
