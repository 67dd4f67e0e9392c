"""What ``newsletter topics`` and ``newsletter roles`` do: the controlled vocabulary. Each change is
logged with who made it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import typer
from sqlalchemy.orm import Session

from mailer.cli.common import Invocation, author, confirm, emit, invocation, make_sure, say, table
from recommender import corrections, segments, vocabulary
from recommender.models import CorrectionKind
from recommender.storage import database
from recommender.vocabulary import Kind


@dataclass(frozen=True)
class Answer:
    """How a command is to ask and answer: without asking (``yes``), in whose name, as JSON."""

    yes: bool = False
    by: str | None = None
    as_json: bool = False


def show(context: typer.Context, kind: Kind, search: str | None, *, as_json: bool) -> None:
    """List the terms of a kind whose name or alias contains ``search``."""
    with invocation(context).store() as engine, database.reading(engine) as session:
        loaded = vocabulary.load(session)
        offered = vocabulary.offered(session, kind)
    terms = loaded.topics if kind == "topic" else loaded.roles
    part = (search or "").casefold()
    shown = [
        t for t in terms if any(part in n.casefold() for n in (t.name, *t.aliases, *t.translations))
    ]
    if as_json:
        documents = [
            {
                "name": term.name,
                "aliases": [*term.aliases, *term.translations],
                "related": list(term.related),
                "definition": term.definition,
                "offered": term.name in offered,
            }
            for term in shown
        ]
        emit({f"{kind}s": documents})
        return
    rows = [
        [
            t.name,
            "yes" if t.name in offered else "no",
            ", ".join((*t.aliases, *t.translations)),
            t.definition,
        ]
        for t in shown
    ]
    table([kind, "offered", "also", "definition"], rows, empty=f"no {kind}s found")


def add(context: typer.Context, kind: Kind, name: str, definition: str, by: str | None) -> None:
    """Add a term, or change its definition."""
    run = invocation(context)
    with run.store() as engine, database.writing(engine) as session:
        vocabulary.add(session, kind, name, definition=definition)
        summary = {"definition": bool(definition)}
        _log(session, run, by, CorrectionKind.ADD, (kind, name), summary)
    say(f"{name}: saved")


def alias(context: typer.Context, kind: Kind, name: str, other: str, by: str | None) -> None:
    """Give a term another name."""
    run = invocation(context)
    with run.store() as engine, database.writing(engine) as session:
        vocabulary.alias(session, kind, name, other)
        _log(session, run, by, CorrectionKind.ALIAS, (kind, name), {"alias": other})
    say(f"{other} now means {name}")


def set_offered(
    context: typer.Context, kind: Kind, name: str, answer: Answer, *, offered: bool
) -> None:
    """Let readers choose a term on the pages, or no longer."""
    run = invocation(context)
    with run.store() as engine, database.writing(engine) as session:
        vocabulary.set_offered(session, kind, name, offered=offered)
        used = vocabulary.usage(session, kind, name)
        done = CorrectionKind.OFFER if offered else CorrectionKind.HIDE
        _log(session, run, answer.by, done, (kind, name), {"readers": used.readers})
    if answer.as_json:
        emit({kind: name, "offered": offered, **asdict(used)})
    elif offered:
        say(f"{name}: readers can choose it")
    else:
        say(f"{name}: offered no more; who has chosen it keeps it (readers: {used.readers})")


@dataclass(frozen=True)
class _Step:
    """A change of the vocabulary that is asked for first: what it ``does`` to whatever refers to
    the term, and ``work``; ``why`` it must be confirmed off a terminal, '' where it need not."""

    kind: CorrectionKind
    does: str
    work: Callable[[Session], None]
    why: str = ""
    into: tuple[str, ...] = ()


def merge(context: typer.Context, kind: Kind, source: str, target: str, answer: Answer) -> None:
    """Make two terms one."""
    with invocation(context).store() as engine, database.reading(engine) as session:
        source, target = _proper(session, kind, source), _proper(session, kind, target)
    step = _Step(
        CorrectionKind.MERGE,
        f"all of it goes to {target}, and {source} means {target} from now on",
        lambda session: vocabulary.merge(session, kind, source, target),
        into=(target,),
    )
    _take(context, kind, source, answer, step)


def split(
    context: typer.Context, kind: Kind, name: str, parts: Sequence[str], answer: Answer
) -> None:
    """Put several terms in the place of one."""
    named = " and ".join(parts)
    step = _Step(
        CorrectionKind.SPLIT,
        f"readers and stories get {named}",
        lambda session: vocabulary.split(session, kind, name, parts),
        why=f"readers and stories of {name} get {named} instead, which cannot be undone",
        into=tuple(parts),
    )
    _take(context, kind, name, answer, step)


def remove(context: typer.Context, kind: Kind, name: str, answer: Answer) -> None:
    """Take a term out of the vocabulary."""
    step = _Step(
        CorrectionKind.REMOVE,
        "they lose it",
        lambda session: vocabulary.remove(session, kind, name),
        why=f"readers and stories lose {name}, which cannot be undone",
    )
    _take(context, kind, name, answer, step)


def _take(context: typer.Context, kind: Kind, name: str, answer: Answer, step: _Step) -> None:
    """Show what refers to the term, ask, do it, log it."""
    run = invocation(context)
    with run.store() as engine:
        with database.reading(engine) as session:
            found = _referring(session, kind, name)
            name = _proper(session, kind, name)
        document = {kind: name, "step": step.kind.value, "into": list(step.into), **found}
        if not answer.as_json:
            say(f"{name}: {_words(found)}; {step.does}")
            if found["segments"] and step.kind != CorrectionKind.MERGE:
                names = ", ".join(found["segments"])
                say(f"rules of segments name it, and find nobody by it then: {names}")
        elif not answer.yes and step.why:
            emit(document | {"done": False})
        question = f"{step.kind.value.capitalize()} {name}?"
        if step.why:
            make_sure(question, yes=answer.yes, why=step.why)
        else:
            confirm(question, yes=answer.yes)
        with database.writing(engine) as session:
            found = _referring(session, kind, name)
            step.work(session)
            summary = {**found, "into": list(step.into)}
            _log(session, run, answer.by, step.kind, (kind, name), summary)
    if answer.as_json:
        emit(document | found | {"done": True})
    elif step.kind == CorrectionKind.MERGE:
        say(f"{name} is now part of {step.into[0]}")
    else:
        say(f"{name}: {'split' if step.into else 'removed'}")


def _proper(session: Session, kind: Kind, name: str) -> str:
    """The term's own name, where ``name`` is one of its aliases."""
    return vocabulary.name_of(session, kind, vocabulary.required(session, kind, name))


def _referring(session: Session, kind: Kind, name: str) -> dict[str, Any]:
    used = asdict(vocabulary.usage(session, kind, name))
    return {**used, "segments": segments.naming(session, kind, name)}


def _words(found: Mapping[str, Any]) -> str:
    muted = f" (of them {found['muted']} mute it)" if found["muted"] else ""
    counts = f"readers: {found['readers']}{muted}, stories: {found['stories']}"
    return f"{counts}, aliases: {found['aliases']}, edits: {found['edits']}"


def history(context: typer.Context, kind: Kind, name: str | None, *, as_json: bool) -> None:
    """Who changed the vocabulary, and when."""
    with invocation(context).store() as engine, database.reading(engine) as session:
        rows = corrections.of_terms(session, kind, name)
    if as_json:
        emit({"corrections": rows})
        return
    for row in rows:
        more = [
            f"{name}: {', '.join(value) if isinstance(value, list) else value}"
            for name, value in sorted(row["summary"].items(), key=_place)
            if value
        ]
        what = f"{row['at'][:16]} {row['by']}: {row['kind']} {row[kind]}"
        say(f"{what} ({'; '.join(more)})" if more else what)
    if not rows and name is not None:
        say(f"no change of the {kind} {name} by that name; without a name all are listed")
    elif not rows:
        say(f"no {kind} has been changed by a command yet")


def _place(item: tuple[str, Any]) -> tuple[int, str]:
    """Where a count stands in a line; a database may keep them in another order."""
    order = ("readers", "muted", "stories", "aliases", "edits", "segments", "into")
    name = item[0]
    return (order.index(name) if name in order else len(order), name)


def _log(
    session: Session,
    run: Invocation,
    by: str | None,
    done: CorrectionKind,
    term: tuple[Kind, str],
    summary: Mapping[str, Any],
) -> None:
    kind, name = term
    who = author(run, by)
    corrections.of_term(session, done, kind, name, author=who, summary=summary)
