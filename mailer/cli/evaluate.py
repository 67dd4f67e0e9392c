"""``newsletter evaluate``: how good the ranking is, beside what anyone would try first."""

import math
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from mailer.cli import evaluate_store, evaluate_weekly
from mailer.cli.common import Json, emit, invocation, progress, say, table, warn
from mailer.cli.rank import Now, read_articles, read_moment
from recommender.datasets import files
from recommender.errors import InputError, NewsletterError
from recommender.evaluation.intervals import Estimate
from recommender.evaluation.trial import OURS, Outcome, Trial
from recommender.ranking.ranker import Ranker
from recommender.ranking.values import Reader
from recommender.vocabulary import starter

ACCURACY = ("ndcg@10", "ndcg@5", "mrr", "recall@10")
LISTS = ("diversity", "calibration", "coverage", "novelty", "repeats")


Articles = Annotated[
    Path | None, typer.Option(help="Articles: .jsonl, .json, a feed, or a folder.")
]
Subscribers = Annotated[Path | None, typer.Option(help="Readers: subscribers.jsonl.")]
Relevant = Annotated[Path | None, typer.Option(help="What each reader kept: relevant.jsonl.")]


Weekly = Annotated[
    bool,
    typer.Option("--weekly", help="Replay each week of the histories, its new stories ranked."),
]
Top = Annotated[int, typer.Option(min=10, help="Length of the lists that are judged.")]
AsIssue = Annotated[
    bool, typer.Option("--as-issue", help="Judge lists made by the rules of an issue.")
]
WithBaselines = Annotated[bool, typer.Option(help="Run the plain recipes, too.")]
Sample = Annotated[int, typer.Option(min=1, help="Judge at most so many readers.")]
Plot = Annotated[Path | None, typer.Option(help="Draw nDCG@10 of all systems (PNG).")]


def command(
    context: typer.Context,
    *,
    articles: Articles = None,
    subscribers: Subscribers = None,
    relevant: Relevant = None,
    from_store: evaluate_store.FromStore = False,
    editions: evaluate_store.Editions = 8,
    setting: evaluate_store.Settings = None,
    weekly: Weekly = False,
    top: Top = 10,
    as_issue: AsIssue = False,
    baselines: WithBaselines = True,
    sample: Sample = 5_000,
    now: Now = None,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Measure the ranking against what readers kept, with confidence intervals and baselines; or,
    from the store, other settings of it against what was sent and answered.

    Example: newsletter evaluate --articles a.jsonl --subscribers s.jsonl --relevant r.jsonl

    Example: newsletter evaluate --from-store --setting diversity=0.4 --setting profile.role=0.7
    """
    run = invocation(context)
    if from_store or setting:
        evaluate_store.no_files(articles, subscribers, relevant)
        return evaluate_store.show(run, editions, setting or [], sample, as_json=as_json)
    if articles is None or subscribers is None:
        raise typer.BadParameter("give --articles and --subscribers, or --from-store")
    catalogue = _articles(articles, run.now)
    if weekly:
        return evaluate_weekly.show(catalogue, subscribers, plot, as_json=as_json)
    if relevant is None:
        raise typer.BadParameter("--relevant names what readers kept; or --weekly replays weeks")
    kept = _kept(relevant)
    readers = _readers(subscribers, catalogue, kept)[:sample]
    if not readers:
        raise NewsletterError(f"{relevant}: none of the readers of {subscribers} is in it")
    ranker, moment = _ranker(catalogue, subscribers), read_moment(now) or catalogue.newest
    trial = Trial(ranker, readers, kept, moment or run.now, top, as_issue)
    with progress("evaluating", trial.steps(baselines=baselines)) as advance:
        outcomes = trial.run(baselines=baselines, progress=advance)
    if plot is not None:
        _draw(plot, trial, outcomes)
    if as_json:
        return emit(_document(trial, outcomes, articles=len(catalogue.of_article)))
    return _show(trial, outcomes, plot)


def _articles(path: Path, now: datetime) -> files.Catalogue:
    """The articles of a file; InputError when one of them cannot be read."""
    catalogue, rejected = read_articles(path, now)
    if rejected:
        first = rejected[0]
        raise InputError(first.file, first.line, first.why)
    return catalogue


def _ranker(catalogue: files.Catalogue, subscribers: Path) -> Ranker:
    others = files.crowd(subscribers, catalogue.of_article)
    return Ranker(catalogue.stories, vocabulary=starter.read(), **others)


def _draw(plot: Path, trial: Trial, outcomes: Mapping[str, Outcome]) -> None:
    from recommender.evaluation.plot import draw

    ndcg = {name: outcome.estimates()["ndcg@10"] for name, outcome in outcomes.items()}
    draw(plot, ndcg, metric="nDCG@10", readers=len(trial.readers))


def _kept(path: Path) -> dict[str, dict[str, float]]:
    kept: dict[str, dict[str, float]] = {}
    for first, block in files.lines(path, 2_000):
        for number, line in enumerate(block, first):
            if line.isspace():
                continue
            try:
                reader, grades = _judgement(files.decoded(line))
            except ValueError as error:
                raise InputError(path, number, str(error)) from error
            kept[reader] = grades
    return kept


def _judgement(values: Mapping[str, Any]) -> tuple[str, dict[str, float]]:
    reader, grades = values.get("subscriber"), values.get("relevant")
    if not isinstance(reader, str):
        raise ValueError("subscriber: missing")
    if not isinstance(grades, dict):
        raise ValueError("relevant: expected an object of grades")
    for article, grade in grades.items():
        if isinstance(grade, bool) or not isinstance(grade, int | float) or not 0 <= grade <= 10:
            raise ValueError(f"relevant: the grade of {article!r} is not a number from 0 to 10")
    return reader, {article: float(grade) for article, grade in grades.items()}


def _readers(
    path: Path, catalogue: files.Catalogue, kept: Mapping[str, Mapping[str, float]]
) -> list[Reader]:
    """The readers whose judgements are known."""
    found: dict[str, Reader] = {}
    for first, block in files.lines(path, 2_000):
        readers, wrong = files.readers(block, first, path, catalogue.of_article)
        if wrong:
            raise wrong[0]
        for reader in readers:
            if any(grade > 0 for grade in kept.get(reader.id, {}).values()):
                found.setdefault(reader.id, reader)
    return list(found.values())


def _document(trial: Trial, outcomes: Mapping[str, Outcome], *, articles: int) -> dict[str, Any]:
    systems = {name: _numbers(outcome.estimates()) for name, outcome in outcomes.items()}
    document: dict[str, Any] = {
        "readers": len(trial.readers),
        "articles": articles,
        "stories": len(trial.ranker.candidates),
        "top": trial.top,
        "as_issue": trial.as_issue,
        **systems.pop(OURS),
        "baselines": systems,
    }
    if systems:
        best = _best(outcomes)
        ahead = outcomes[OURS].ahead_of(outcomes[best], "ndcg@10")
        document["best_baseline"] = best
        document["ahead_of_best_baseline"] = {
            "ndcg@10": round(ahead.mean, 6),
            "interval": [round(ahead.low, 6), round(ahead.high, 6)],
        }
    return document


def _numbers(estimates: Mapping[str, Estimate]) -> dict[str, Any]:
    return {
        "metrics": {name: _plain(found.mean) for name, found in estimates.items()},
        "intervals": {
            name: [_plain(found.low), _plain(found.high)] for name, found in estimates.items()
        },
    }


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 6)


def _best(outcomes: Mapping[str, Outcome]) -> str:
    means = {n: o.estimates()["ndcg@10"].mean for n, o in outcomes.items() if n != OURS}
    return max(sorted(means), key=lambda name: means[name])


def _show(trial: Trial, outcomes: Mapping[str, Outcome], plot: Path | None) -> None:
    say(
        f"{len(trial.readers):,} readers, {len(trial.ranker.candidates):,} stories, "
        f"lists of {trial.top}; 95 % bootstrap intervals over readers"
    )
    for columns in (ACCURACY, LISTS):
        rows = []
        for name, outcome in outcomes.items():
            estimates = outcome.estimates()
            cells = [text for column in columns for text in _cells(column, estimates[column])]
            rows.append([name, *cells])
        headings = [text for column in columns for text in _headings(column)]
        table(["system", *headings], rows, empty="no systems")
        say()
    if len(outcomes) > 1:
        best = _best(outcomes)
        ahead = outcomes[OURS].ahead_of(outcomes[best], "ndcg@10")
        say(
            f"nDCG@10 ahead of {best}, the best baseline, by {ahead.mean:.4f} "
            f"({ahead.low:.4f} to {ahead.high:.4f})"
        )
        if ahead.low <= 0:
            warn("the interval holds 0: with these readers the lead may be luck")
    if plot is not None:
        say(str(plot))


def _headings(column: str) -> list[str]:
    return [f"#{column}", "95 %"] if column == "ndcg@10" else [f"#{column}"]


def _cells(column: str, found: Estimate) -> list[str]:
    shown = "–" if math.isnan(found.mean) else f"{found.mean:.3f}"
    if column != "ndcg@10":
        return [shown]
    return [f"{found.mean:.4f}", f"{found.low:.3f}–{found.high:.3f}"]
