from recommender.articles import renaming
from recommender.articles.renaming import KnownStory
from recommender.articles.values import StoryDraft


def draft(key: str, summary: str = "", url: str | None = None) -> StoryDraft:
    return StoryDraft(key=key, title=key, summary=summary, url=url)


def test_a_story_is_known_by_all_it_says_or_by_its_address() -> None:
    gone = {
        "old": KnownStory("", "What it says."),
        "moved": KnownStory("https://example.com/1", "Before."),
        "dropped": KnownStory("", "Nobody says this any more."),
    }
    new = [
        draft("new", "What it says."),
        draft("there", "After.", "https://example.com/1"),
        draft("other", "Something else."),
    ]
    assert dict(renaming.renamed(gone, new)) == {"old": "new", "moved": "there"}


def test_in_doubt_nobody_is_the_same() -> None:
    twins = {"a": KnownStory("", "Same."), "b": KnownStory("", "Same.")}
    assert list(renaming.renamed(twins, [draft("c", "Same.")])) == []
    assert list(renaming.renamed({"a": KnownStory("", "")}, [draft("c")])) == []
