"""``newsletter experiments``: two settings of the ranker, or several subjects, compared by readers'
answers."""

from typing import Annotated, Any

import typer

from mailer.cli.common import By, Json, author, emit, invocation, named_period, say, table
from mailer.edition import experiments, planning
from mailer.edition.experiments import Plan
from recommender.models import ExperimentKind
from recommender.storage import database

app = typer.Typer(no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="What you call it.")]
KNOBS = "KNOB=VALUE,..."


Interleave = Annotated[
    str | None,
    typer.Option(metavar=KNOBS, help="Both settings in each issue; finds the better soonest."),
]
Ab = Annotated[
    str | None, typer.Option("--ab", metavar=KNOBS, help="Each setting for half of the readers.")
]
Against = Annotated[
    str, typer.Option(metavar=KNOBS, help="Compared with these; default: what there is.")
]
Subjects = Annotated[
    list[str] | None, typer.Option(help="A subject to try; given two to four times.")
]
OfPeriod = Annotated[
    str | None, typer.Option(help="Of which edition the subjects are; default: this one.")
]
Share = Annotated[
    float | None,
    typer.Option(
        min=0.01, max=1, help="Of the readers take part; default: all, for subjects a fifth."
    ),
]
WaitHours = Annotated[
    float, typer.Option(min=0.5, max=48, help="Subjects are tried for at most so long.")
]


@app.command()
def start(
    context: typer.Context,
    name: Name,
    *,
    interleave: Interleave = None,
    ab: Ab = None,
    against: Against = "",
    subject: Subjects = None,
    period: OfPeriod = None,
    share: Share = None,
    wait_hours: WaitHours = 4,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Compare two settings of the ranker from the next edition on that is planned, or subjects of
    one edition that is not planned yet: the share gets them first, and the winner goes to the rest.

    Example: newsletter experiments start spread --interleave diversity=0.4

    Example: newsletter experiments start names --subject "Chips" --subject "Robots that ask back"
    """
    run = invocation(context)
    if sum(given is not None for given in (interleave, ab, subject)) != 1:
        raise typer.BadParameter("give one of --interleave, --ab and --subject", param_hint="start")
    if subject is not None:
        wanted = named_period(run, period)
        plan = experiments.of_subjects(subject, wanted, share or 0.2, wait_hours)
    else:
        kind = ExperimentKind.AB if interleave is None else ExperimentKind.INTERLEAVING
        plan = experiments.of_rankers(kind, against, ab or interleave or "", share or 1.0)
    said = author(run, by)
    with run.store() as engine, database.writing(engine) as session:
        newsletter = planning.newsletter_of(session, run.settings)
        experiments.start(session, newsletter, name, plan, by=said.name, now=said.at)
    if as_json:
        emit({"name": name, "kind": str(plan.kind), "share": plan.share, **plan.values})
        return
    say(f"{name}: {_what(plan)}")


def _what(plan: Plan) -> str:
    values = plan.values
    if plan.kind == ExperimentKind.SUBJECT:
        return (
            f"{len(values['subjects'])} subjects are tried with {plan.share:.0%} of the readers of "
            f"{values['period']}, for at most {values['hours']:g} hours"
        )
    a, b = values["a"] or "what there is", values["b"] or "what there is"
    how = "in each issue" if plan.kind == ExperimentKind.INTERLEAVING else "half of them each"
    return f"a ({a}) and b ({b}) for {plan.share:.0%} of the readers, {how}"


@app.command("list")
def list_(context: typer.Context, as_json: Json = False) -> None:
    """List the experiments of the newsletter, the latest first.

    Example: newsletter experiments list
    """
    from mailer.reports import experiment_result  # numpy, which no other command here needs

    run = invocation(context)
    with run.store() as engine, database.reading(engine) as session:
        newsletter = planning.newsletter_of(session, run.settings)
        rows = [
            experiment_result.described(row) for row in experiments.listing(session, newsletter.id)
        ]
    if as_json:
        emit({"experiments": rows})
        return
    table(
        ["experiment", "kind", "#readers", "from", "until", "compares"],
        [
            [
                row["name"], row["kind"], f"{row['share']:.0%}", f"{row['started_at']:%Y-%m-%d}",
                f"{row['stopped_at']:%Y-%m-%d}" if row["stopped_at"] else "running",
                " · ".join(row.get("subjects") or [row["a"] or "what there is", row["b"]]),
            ]
            for row in rows
        ],
        empty="no experiments yet; `newsletter experiments start` makes one",
    )  # fmt: skip


@app.command()
def stop(context: typer.Context, name: Name, by: By = None, as_json: Json = False) -> None:
    """Let no further edition take part. What is planned stays as it is; of subjects, the one that
    is ahead goes to the rest.

    Example: newsletter experiments stop spread
    """
    run = invocation(context)
    said = author(run, by)
    with run.store() as engine, database.writing(engine) as session:
        newsletter = planning.newsletter_of(session, run.settings)
        row = experiments.get(session, newsletter, name)
        experiments.stop(session, row, by=said.name, now=said.at)
    if as_json:
        emit({"name": name, "stopped_at": said.at})
        return
    say(f"{name}: stopped; `newsletter experiments result {name}` says what came of it")


@app.command()
def result(context: typer.Context, name: Name, as_json: Json = False) -> None:
    """What came of an experiment so far. Its interval holds at every look, so look as often as you
    like, and stop when it is certain.

    Example: newsletter experiments result spread --json
    """
    from mailer.reports import experiment_result  # numpy, which no other command here needs

    run = invocation(context)
    with run.store() as engine, database.reading(engine) as session:
        newsletter = planning.newsletter_of(session, run.settings)
        row = experiments.get(session, newsletter, name)
        document = experiment_result.result(session, row)
    if as_json:
        emit(document)
        return
    state = f"stopped {document['stopped_at']:%Y-%m-%d}" if document["stopped_at"] else "running"
    number = len(document["editions"])
    say(f"{name}: {document['kind']}, {state}, {number} edition{'' if number == 1 else 's'}")
    arms = document["arms"]
    if document["kind"] == ExperimentKind.INTERLEAVING:
        both = arms["both"]
        say(
            f"  {both['copies']:,} copies of {both['readers']:,} readers, of whom "
            f"{both['readers_for_a']:,} answered a more and {both['readers_for_b']:,} b"
        )
    else:
        table(
            ["arm", "#readers", "#copies", "#answered", "#rate"],
            [
                [arm, one["readers"], one["copies"], one["answered"],
                 "–" if one["rate"] is None else f"{one['rate']:.1%}"]
                for arm, one in arms.items()
            ],
            empty="nothing was sent yet",
        )  # fmt: skip
    say(f"  {_verdict(document)}")


def _verdict(document: dict[str, Any]) -> str:
    if document["kind"] == ExperimentKind.SUBJECT:
        if document["better"] is not None:
            return f"best, and certain: {document['better']}"
        if document["winner"] is not None:
            chosen = document["subjects"][int(document["winner"])]
            return f"not certain; the one ahead went to the rest: {chosen}"
        return "not certain yet"
    found = document["difference"]
    if found["low"] is None:
        return "too few answers to say anything yet"
    unit = "answers a copy" if document["kind"] == ExperimentKind.INTERLEAVING else "of copies"
    low, mean, high = (f"{found[end]:+.4f}" for end in ("low", "mean", "high"))
    interval = f"b beside a: {mean} {unit} ({low} to {high}), "
    if document["better"] is not None:
        return f"{interval}so {document['better']} is better, and that is certain"
    more = document["more_editions"]
    hint = f"; at this rate about {more} more editions would tell" if more else ""
    return f"{interval}not certain yet{hint}"
