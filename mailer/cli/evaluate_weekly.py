"""``newsletter evaluate --weekly``: the weekly job replayed on dated histories, and its table."""

from pathlib import Path

from mailer.cli.common import emit, progress, say, table
from recommender.datasets import files
from recommender.errors import NewsletterError
from recommender.evaluation import weekly
from recommender.evaluation.intervals import Estimate
from recommender.evaluation.trial import OURS
from recommender.evaluation.weekly import Replay
from recommender.ranking.values import Reader
from recommender.vocabulary import starter


def show(
    catalogue: files.Catalogue, subscribers: Path, plot: Path | None, *, as_json: bool
) -> None:
    """Replay the weeks of ``subscribers`` and print how well each system ranks their new stories.

    Raises InputError for a line that is no reader, NewsletterError when no week can be replayed.
    """
    readers: list[Reader] = []
    for first, block in files.lines(subscribers, 2_000):
        read, wrong = files.readers(block, first, subscribers, catalogue.of_article)
        if wrong:
            raise wrong[0]
        readers += read
    weeks = list(weekly.weeks(catalogue.stories, readers))
    if not weeks:
        raise NewsletterError(
            f"{subscribers}: no week can be replayed; articles and answers need dates"
        )
    with progress("replaying weeks", len(weeks)) as advance:
        replay = weekly.replay(weeks, starter.read(), progress=advance)
    estimates = replay.estimates()
    if plot is not None:
        from recommender.evaluation.plot import draw

        draw(plot, estimates, metric="nDCG@10 of weekly issues", readers=len(set(replay.readers)))
    if as_json:
        emit(_document(replay, estimates))
        return
    say(f"{replay.weeks} weeks, {len(replay.readers):,} reader-weeks; 95 % intervals over readers")
    rows = []
    for name, found in estimates.items():
        ahead = "" if name == OURS else _text(replay.ahead(name))
        rows.append([name, _text(found), ahead])
    table(["system", "nDCG@10", "ours ahead by"], rows, empty="no systems")


def _text(found: Estimate) -> str:
    return f"{found.mean:.3f} ({found.low:.3f} to {found.high:.3f})"


def _document(replay: Replay, estimates: dict[str, Estimate]) -> dict[str, object]:
    systems = {
        name: {"ndcg@10": round(e.mean, 6), "interval": [round(e.low, 6), round(e.high, 6)]}
        for name, e in estimates.items()
    }
    return {
        "weeks": replay.weeks,
        "reader_weeks": len(replay.readers),
        "readers": len(set(replay.readers)),
        "metrics": {"ndcg@10": systems[OURS]["ndcg@10"]},
        "systems": systems,
    }
