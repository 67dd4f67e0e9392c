"""What ranking leaves aside is there for whoever asks for it."""

import subprocess
import sys

CODE = """
import sys
import recommender.ranking.ranker
assert "scipy.stats._stats_py" not in sys.modules, "loaded by ranking"
from sklearn.preprocessing import PowerTransformer
import scipy.stats
from scipy.stats.mstats import mquantiles
assert scipy.stats.norm.cdf(0) == 0.5
assert scipy.stats is sys.modules["scipy.stats"]
assert PowerTransformer().fit_transform([[1.0], [2.0], [3.0]]).shape == (3, 1)
"""


def test_statistics_are_imported_only_for_who_uses_them() -> None:
    subprocess.run([sys.executable, "-c", CODE], check=True)
