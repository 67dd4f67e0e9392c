"""``newsletter users``: who may use the operators' pages, and as what."""

import sys
from typing import Annotated

import typer

from mailer.cli.common import Json, Yes, emit, invocation, make_sure, say, table, who
from mailer.operators import audit, sessions
from mailer.operators import users as accounts
from recommender.models import UserRole
from recommender.storage import database

app = typer.Typer(no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The name by which they sign in.")]


@app.command()
def add(
    context: typer.Context,
    name: Name,
    role: Annotated[
        UserRole, typer.Option(help="viewer: looks; editor: edits, too; admin: all.")
    ] = UserRole.VIEWER,
    totp: Annotated[
        bool, typer.Option("--totp", help="With a second factor: a code by time (TOTP).")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make an account, or enable a disabled one anew; the password is asked for, or read from
    standard input.

    Example: newsletter users add mina --role editor --totp
    """
    run = invocation(context)
    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    with run.store() as engine, database.writing(engine) as session:
        user = accounts.add(session, name, role, password, totp=totp, now=run.now)
        audit.note(session, who(), "user added", f"{name}, {role}", now=run.now)
        uri = accounts.provisioning(user)
    if as_json:
        emit({"name": name, "role": role, "totp": uri})
        return
    say(f"{name} may sign in at {run.settings.base_url}/admin/sign-in, as {role}")
    if uri is not None:
        say(f"for the authenticator, shown once: {uri}")


@app.command("list")
def list_(context: typer.Context, as_json: Json = False) -> None:
    """All accounts: role, second factor, when they last signed in, where they are signed in.

    Example: newsletter users list
    """
    run = invocation(context)
    with run.store() as engine, database.reading(engine) as session:
        found = [
            {
                "name": one.name,
                "role": one.role,
                "totp": one.totp_secret is not None,
                "signed_in_at": one.signed_in_at,
                "sessions": sessions.open_of(session, one, run.now),
                "disabled_at": one.disabled_at,
            }
            for one in accounts.listing(session)
        ]
    if as_json:
        emit({"users": found})
        return
    rows = [
        (
            one["name"],
            one["role"],
            "TOTP" if one["totp"] else "–",
            f"{one['signed_in_at']:%Y-%m-%d %H:%M}" if one["signed_in_at"] else "never",
            one["sessions"],
            f"disabled {one['disabled_at']:%Y-%m-%d}" if one["disabled_at"] else "",
        )
        for one in found
    ]
    columns = ("name", "role", "factor", "signed in", "#sessions", "")
    table(columns, rows, empty="no users yet; `newsletter users add NAME --role admin`")


@app.command()
def disable(context: typer.Context, name: Name, yes: Yes = False) -> None:
    """Let an account in no more, and sign it out everywhere.

    Example: newsletter users disable mina --yes
    """
    run = invocation(context)
    with run.store() as engine:
        with database.reading(engine) as session:
            accounts.get(session, name)
        make_sure(f"Disable {name}?", yes=yes, why=f"{name} would be signed out everywhere")
        with database.writing(engine) as session:
            accounts.disable(session, name, now=run.now)
            audit.note(session, who(), "user disabled", name, now=run.now)
    say(f"{name} is disabled; `newsletter users add {name}` enables the account anew")


@app.command()
def revoke(context: typer.Context, name: Name) -> None:
    """Sign an account out everywhere; it may sign in again.

    Example: newsletter users revoke mina
    """
    run = invocation(context)
    with run.store() as engine, database.writing(engine) as session:
        number = sessions.end_all(session, accounts.get(session, name))
        audit.note(session, who(), "user signed out", name, now=run.now)
    say(f"{name} is signed out of {number} browsers")
