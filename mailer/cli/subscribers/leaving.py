"""``subscribers unsubscribe``, ``suppress``, ``erase`` and ``revoke``: the ways out."""

import sys
from typing import Annotated

import typer

from mailer import erasure
from mailer.cli.common import invocation, say
from mailer.cli.subscribers import options
from mailer.cli.subscribers.options import Email
from recommender import segments
from recommender.errors import NewsletterError
from recommender.models import Status
from recommender.storage import database
from recommender.subscribers import address_change, consent, records, subscriptions


def unsubscribe(context: typer.Context, email: Email) -> None:
    """Stop mailing a reader. They may subscribe again by themselves. Of several newsletters, one
    alone is stopped with `newsletter --newsletter daily subscribers unsubscribe …`.

    Example: newsletter subscribers unsubscribe reader@example.com
    """
    run = invocation(context)
    with run.store() as engine, database.writing(engine) as session:
        reader = records.find(session, email)
        if run.newsletter is not None:
            others = subscriptions.leave(
                session, reader, run.settings.newsletter,
                audiences=segments.audiences(session, reader.id, run.now),
                source="admin", now=run.now, proof={"command": "subscribers unsubscribe"},
            )  # fmt: skip
            left = f"; still gets {', '.join(others)}" if others else ""
            say(f"{email}: unsubscribed from {run.settings.newsletter}{left}")
            return
        done = consent.change(
            session,
            reader,
            Status.UNSUBSCRIBED,
            source="admin",
            now=run.now,
            proof={"command": "subscribers unsubscribe"},
        )
    say(f"{email}: {'unsubscribed' if done else 'was unsubscribed already'}")


def suppress(
    context: typer.Context,
    email: Email,
    reason: Annotated[str, typer.Option(help="Why, in a word.")] = "admin",
) -> None:
    """Never mail an address again, whatever is imported later.

    Example: newsletter subscribers suppress reader@example.com --reason complaint
    """
    run = invocation(context)
    address = options.draft({"email": email}).email
    with run.store() as engine, database.writing(engine) as session:
        done = consent.suppress(
            session,
            address,
            reason=reason[:64],
            now=run.now,
            proof={"command": "subscribers suppress"},
        )
    say(f"{email}: {'suppressed' if done else 'was suppressed already'}")


def erase(
    context: typer.Context,
    email: Email,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete all that is held of a reader; only a salted hash stays, so that no import or `add`
    brings them back: they can, by subscribing on the pages and confirming.

    Example: newsletter subscribers erase reader@example.com --yes
    """
    run = invocation(context)
    if not yes:
        if not sys.stdin.isatty():
            raise NewsletterError(
                "erasing cannot be undone, and nobody but the reader can bring the address back, "
                "by subscribing and confirming; add --yes to confirm"
            )
        question = f"Erase {email} for good? Only the reader can come back, by subscribing anew."
        typer.confirm(question, abort=True)
    with run.store() as engine:
        done = erasure.erase(engine, run.settings, email, now=run.now)
        beyond = erasure.not_reached(engine)
    also = f", files removed: {done.files}" if done.files else ""
    say(f"{email}: erased{also}")
    say(beyond)
    if done.left:
        raise NewsletterError(f"erased, but {'; '.join(done.left)}")


def revoke(context: typer.Context, email: Email) -> None:
    """Void every personal link of a reader; the links in their issues keep working.

    Example: newsletter subscribers revoke reader@example.com
    """
    run = invocation(context)
    with run.store() as engine, database.writing(engine) as session:
        address_change.revoke(records.find(session, email))
    say(f"{email}: all personal links are void; the reader gets a new one from any issue")
