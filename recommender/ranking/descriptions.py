"""What is known of a story before anybody reads it, as a row of numbers that regressions read: its
words, the letters of its title, who brings it."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer

from recommender.ranking.latent import Latent
from recommender.ranking.settings import DescriptionSettings, LatentSettings
from recommender.ranking.sources import sources_of
from recommender.ranking.values import Story

Floats = npt.NDArray[np.float64]


def described(stories: Sequence[Story], latent: Latent, settings: DescriptionSettings) -> Floats:
    """Stories × features: the latent points of their words, those of the letters of their titles
    (which tell languages and word forms), and a column for each source and curator."""
    letters = _letters([story.title for story in stories], settings)
    return np.hstack([settings.words * latent.points, letters, _brought(stories, settings)])


def _letters(titles: Sequence[str], settings: DescriptionSettings) -> Floats:
    counter = TfidfVectorizer(
        sublinear_tf=True, analyzer="char_wb", ngram_range=(3, 5), min_df=3, dtype=np.float64
    )
    try:
        counted = sp.csr_array(counter.fit_transform(titles))
    except ValueError:  # no run of letters occurs three times
        return np.zeros((len(titles), 0))
    none = sp.csr_array((0, counted.shape[1]))
    return Latent(counted, none, LatentSettings(dimensions=settings.letters)).points


def _brought(stories: Sequence[Story], settings: DescriptionSettings) -> Floats:
    named = Counter(name for story in stories for name in sources_of(story))
    common = sorted(named, key=lambda name: (-named[name], name))[: settings.sources]
    column = {name: at for at, name in enumerate(common)}
    found = np.zeros((len(stories), len(common)))
    for row, story in enumerate(stories):
        for name in sources_of(story):
            if name in column:
                found[row, column[name]] = settings.source
    return found
