"""``newsletter evaluate --from-store``: past editions replayed by other settings, and its table."""

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from mailer.cli.common import Invocation, emit, progress, say, table
from mailer.reports import past_editions, replay
from mailer.reports.replay import Replay
from recommender import newsletters
from recommender.errors import NewsletterError
from recommender.evaluation.counterfactual import Worth
from recommender.evaluation.intervals import Estimate
from recommender.storage import database

FromStore = Annotated[
    bool, typer.Option("--from-store", help="Replay past editions: what was sent, and answered.")
]
Editions = Annotated[
    int, typer.Option(min=1, max=100, help="With --from-store: so many past editions.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KNOB=VALUE,...",
        help="With --from-store: settings of the ranker to compare; may be given several times.",
    ),
]
FEW_ANSWERS = 100
"""Answers below which intervals over readers are rough."""
WORDS = {"better": "better", "worse": "worse", "undecided": "cannot be told"}


def no_files(*given: Path | None) -> None:
    """BadParameter when files are given beside ``--from-store``."""
    if any(given):
        raise typer.BadParameter("it takes no files", param_hint="--from-store, --setting")


def show(
    run: Invocation, editions: int, settings: list[str], sample: int, *, as_json: bool
) -> None:
    """Replay the latest ``editions`` by each of ``settings`` and print what they would have
    brought.

    Raises NewsletterError when there is nothing to replay, or for a setting that is none.
    """
    with run.store() as engine, database.reading(engine) as session:
        newsletter = newsletters.get(session, run.settings.newsletter)
        found = past_editions.latest(session, newsletter.id, editions)
        if not found:
            raise NewsletterError(
                f"no edition of {newsletter.name} can be replayed: none was sent in the last "
                "keep_copies_days"
            )
        with progress("replaying editions", len(found)) as advance:
            outcome = replay.replay(
                session, found, list(dict.fromkeys(settings)), most=sample, progress=advance
            )
    document = _document(outcome)
    if as_json:
        emit(document)
        return
    _show(document)


def _document(outcome: Replay) -> dict[str, Any]:
    sent, bias = outcome.sent, outcome.bias
    copies = len(sent.readers)
    systems = {}
    for name, worths in outcome.worth.items():
        middle: Worth = worths[1]
        systems[name] = {
            "answers_per_copy": _plain(middle.value),
            "ahead_of_sent": _plain(middle.ahead),
            "ahead_at_least": _plain(middle.at_least),
            "known": round(middle.known, 4),
            "verdict": outcome.verdict(name),
            "why_undecided": outcome.why_undecided(name) or None,
        }
    answers = int(sent.answered.sum())
    return {
        "editions": list(outcome.editions),
        "copies": copies,
        "readers": int(sent.readers.max(initial=-1)) + 1,
        "answers": answers,
        "sent": {"answers_per_copy": round(answers / copies, 6) if copies else None},
        "position_bias": {
            "eta": round(bias.eta, 3),
            "interval": [round(bias.low, 3), round(bias.high, 3)],
            "from_the_data": bias.told,
        },
        "systems": systems,
    }


def _plain(found: Estimate) -> dict[str, Any]:
    ends = [found.low, found.high]
    return {
        "mean": None if math.isnan(found.mean) else round(found.mean, 6),
        "interval": [None if math.isnan(end) else round(end, 6) for end in ends],
    }


def _show(document: dict[str, Any]) -> None:
    editions = document["editions"]
    span = editions[0] if len(editions) == 1 else f"{editions[0]} to {editions[-1]}"
    say(
        f"{len(editions)} edition{'' if len(editions) == 1 else 's'} ({span}), "
        f"{document['copies']:,} copies of {document['readers']:,} readers, "
        f"{document['answers']:,} answers; 95 % bootstrap intervals over readers"
    )
    if not document["answers"]:
        say("nobody has answered anything yet: which ranker is better cannot be told")
        return
    bias = document["position_bias"]
    low, high = bias["interval"]
    say(
        f"looks fall with the position k like k^-{bias['eta']:.2f} ({low:.2f} to {high:.2f}), "
        + ("as stories that changed places tell" if bias["from_the_data"] else "which is assumed: "
           "too few stories changed places (vary_positions)")
    )  # fmt: skip
    say()
    sent = document["sent"]["answers_per_copy"]
    rows = [["as sent", _number(sent), "", "", ""]]
    for name, one in document["systems"].items():
        value, ahead = one["answers_per_copy"], one["ahead_of_sent"]
        rows.append([
            name, f"{_number(value['mean'])} {_range(value)}",
            f"{_number(ahead['mean'], sign=True)} {_range(ahead, sign=True)}",
            f"{one['known']:.0%}", WORDS[one["verdict"]],
        ])  # fmt: skip
    table(["system", "answers a copy", "ahead of what was sent", "#known", ""], rows, empty="")
    undecided = {n: one for n, one in document["systems"].items() if one["why_undecided"]}
    if undecided:
        say()
    for name, one in undecided.items():
        say(f"{name}: cannot be told: {one['why_undecided']}")
    if document["answers"] < FEW_ANSWERS:
        say(f"with {document['answers']} answers the intervals are rough")


def _number(value: float | None, *, sign: bool = False) -> str:
    if value is None:
        return "–"
    return f"{value:+.4f}" if sign else f"{value:.4f}"


def _range(found: dict[str, Any], *, sign: bool = False) -> str:
    low, high = (_number(end, sign=sign) for end in found["interval"])
    return f"({low} to {high})"
