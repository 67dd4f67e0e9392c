"""Which words tie nothing together alone."""

from recommender.ranking import common_words, features
from recommender.ranking.settings import TextSettings
from tests.recommender.conftest import MakeStory


def test_words_of_any_subject_and_of_half_the_archive_are_common_and_runs_never(
    story: MakeStory,
) -> None:
    stories = [story(f"s{n}", f"day hawk{n} {'falcon' if n < 10 else 'hood'}") for n in range(60)]
    stories.append(story("rare", "gauntlet lure day"))
    space = features.build(stories, TextSettings(), [[("open design", 1.0)]])
    common = dict(zip(space.names, common_words.common(space).tolist(), strict=True))
    assert common["falcon"]
    assert common["open"]
    assert not common["gauntlet"]
    assert not any(is_common for name, is_common in common.items() if " " in name)


def test_in_a_small_archive_only_general_words_are_common(story: MakeStory) -> None:
    space = features.build([story("a", "falcon team"), story("b", "falcon")], TextSettings())
    common = dict(zip(space.names, common_words.common(space).tolist(), strict=True))
    assert common == {"falcon": False, "team": True}
