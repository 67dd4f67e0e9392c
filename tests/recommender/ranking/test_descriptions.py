"""What is told of a story before anybody reads it."""

import numpy as np

from recommender.ranking import descriptions, features
from recommender.ranking.latent import Latent
from recommender.ranking.settings import DescriptionSettings, TextSettings
from tests.recommender.conftest import MakeStory


def test_stories_of_one_source_share_a_column_and_others_do_not(story: MakeStory) -> None:
    stories = [
        story("a", "hawks", source="North"), story("b", "hoods", source="North", curator="Ida"),
        story("c", "lures", curator="Ida"), story("d", "awls"),
    ]  # fmt: skip
    space = features.build(stories, TextSettings())
    latent = Latent(space.vectors, space.labels)
    settings = DescriptionSettings()
    rows = descriptions.described(stories, latent, settings)
    alike = rows @ rows.T / settings.source**2
    assert np.diag(alike).tolist() == [1.0, 2.0, 1.0, 0.0]
    assert (alike[0, 1], alike[1, 2], alike[0, 2], alike[0, 3]) == (1.0, 1.0, 0.0, 0.0)


def test_letters_tell_languages_that_share_no_word(story: MakeStory) -> None:
    german = [story(f"d{n}", f"Entwicklungsumgebung{n} Verwaltungsleistungen") for n in range(40)]
    english = [story(f"e{n}", f"Understanding{n} the thoroughly modern") for n in range(40)]
    space = features.build([*german, *english], TextSettings())
    latent = Latent(space.vectors, space.labels)
    rows = descriptions.described([*german, *english], latent, DescriptionSettings(words=0.0))
    alike = rows @ rows.T
    assert alike[0, 1:40].mean() > alike[0, 40:].mean() + 0.3
