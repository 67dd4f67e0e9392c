"""``subscribers update`` and ``merge``: what is wrong is put right, and who did it is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from mailer import merging
from mailer.cli.common import (
    By,
    Invocation,
    Json,
    Yes,
    author,
    emit,
    invocation,
    make_sure,
    say,
    warn,
)
from mailer.cli.subscribers import options
from mailer.cli.subscribers.options import Email
from mailer.merging import Merge
from recommender.errors import NewsletterError
from recommender.models import Status, Subscriber
from recommender.storage import database
from recommender.subscribers import correction, records
from recommender.subscribers.correction import Changes
from recommender.vocabulary import new_names

Names = list[str] | None


@options.with_fields
def update(
    context: typer.Context,
    email: Email,
    *,
    new_email: Annotated[
        str | None, typer.Option("--email", help="Their address from now on.")
    ] = None,
    status: Annotated[
        Status | None, typer.Option(help="New status; noted in the consent log.")
    ] = None,
    add_role: Annotated[Names, typer.Option(help="One role more; may be repeated.")] = None,
    remove_role: Annotated[Names, typer.Option(help="One role less; may be repeated.")] = None,
    remove_topic: Annotated[Names, typer.Option(help="One topic less; may be repeated.")] = None,
    attribute: Annotated[
        Names, typer.Option(metavar="NAME=VALUE", help="An attribute; may be repeated.")
    ] = None,
    remove_attribute: Annotated[
        Names, typer.Option(metavar="NAME", help="One attribute less; may be repeated.")
    ] = None,
    by: By = None,
    as_json: Json = False,
    **given: Any,
) -> None:
    """Correct what is known of a reader; what is not named stays. --role replaces all roles, an
    empty text ("") takes away what a field says.

    Example: newsletter subscribers update old@example.com --email new@example.com --add-role CTO
    --topic "Neural Software:3" --remove-topic "AI Strategy" --attribute plan=pro
    """
    wanted = Changes(
        email=new_email,
        status=status,
        add_roles=add_role or (),
        remove_roles=remove_role or (),
        remove_topics=remove_topic or (),
        remove_attributes=remove_attribute or (),
    )
    wanted = _with_fields(wanted, given, attribute or ())
    if wanted == Changes():
        raise typer.BadParameter("say what to change, such as --name", param_hint="update")
    _update(invocation(context), email, wanted, by, as_json=as_json)


def _with_fields(wanted: Changes, given: Mapping[str, Any], attributes: Sequence[str]) -> Changes:
    try:
        said = options.values(given)
    except ValueError as error:
        raise NewsletterError(str(error)) from error
    return replace(
        wanted,
        roles=said.pop("roles", None),
        topics=said.pop("topics", {}),
        values=said,
        attributes=dict(correction.attribute(text) for text in attributes),
    )


def _update(run: Invocation, email: str, wanted: Changes, by: str | None, *, as_json: bool) -> None:
    try:
        with run.store() as engine, database.writing(engine) as session:
            reader = _locked(session, email)
            roles = [*wanted.add_roles, *(wanted.roles or ())]
            new = new_names.of(session, {"topic": list(wanted.topics), "role": roles})
            changed = correction.update(session, reader, wanted, author=author(run, by))
            address = reader.email
    except ValueError as error:
        raise NewsletterError(str(error)) from error
    for one in new:
        warn(f"note: {one.sentence()}")
    if as_json:
        emit({"subscriber": address, "changed": changed})
        return
    moved = f", the address is {address} from now on" if wanted.email is not None else ""
    say(f"{email}: {'updated: ' + ', '.join(changed) if changed else 'unchanged'}{moved}")


def merge(
    context: typer.Context,
    into: Annotated[str, typer.Argument(metavar="A", help="The reader who stays.")],
    other: Annotated[str, typer.Argument(metavar="B", help="The one who becomes part of A.")],
    yes: Yes = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Make two readers one: interests, history, answers, copies and consent of B go to A. The more
    careful status holds, suppressions stay, and nobody gets an edition twice.

    Example: newsletter subscribers merge reader@example.com reader@old.example.com --yes
    """
    run = invocation(context)
    with run.store() as engine:
        with database.reading(engine) as session:
            planned = merging.plan(
                session, records.find(session, into), records.find(session, other)
            )
        if as_json and not yes:
            emit(planned.document() | {"done": False})
        elif not as_json:
            _show(planned)
        why = f"{planned.gone} ends as a reader of their own, which cannot be undone"
        make_sure(f"Merge {planned.gone} into {planned.kept}?", yes=yes, why=why)
        with database.writing(engine) as session:
            kept, gone = _locked(session, into), _locked(session, other)
            done = merging.merge(session, kept, gone, author=author(run, by))
    if as_json:
        emit(done.document() | {"done": True})
        return
    say(f"{done.gone} is now part of {done.kept}")
    if done.status == Status.BOUNCED != done.was:
        say(
            f"if the mailbox of {done.kept} works: "
            f"`newsletter subscribers update {done.kept} --status active`"
        )


def _show(planned: Merge) -> None:
    copies = planned.copies
    say(
        f"{planned.gone} → {planned.kept}: new topics: {planned.topics}, roles: {planned.roles}, "
        f"lists: {planned.lists}; answers: {planned.answers}, consent events: {planned.events}"
    )
    say(
        f"copies: {copies.moved} move, {copies.joined} of editions that both have become one each, "
        f"{copies.unsent} of them not sent yet and not sent any more"
    )
    careful = "" if planned.status == planned.was else f" (was {planned.was}: the more careful one)"
    say(f"status: {planned.status}{careful}")
    if planned.suppressed is not None:
        also = "" if planned.suppressed == "bounce" else f", and so is {planned.kept} from now on"
        say(f"{planned.gone} stays suppressed ({planned.suppressed}){also}")


def _locked(session: Session, email: str) -> Subscriber:
    """The reader, whom nobody else changes until the transaction ends."""
    found = records.find(session, email)
    return records.lock(session, found.id) or found
