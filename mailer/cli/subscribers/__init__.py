"""``newsletter subscribers``: who reads, and what they want."""

import typer

from mailer.cli.subscribers import changing, correcting, importing, leaving, showing

app = typer.Typer(no_args_is_help=True)
app.command("import")(importing.import_)
app.command()(changing.add)
app.command()(correcting.update)
app.command()(correcting.merge)
app.command()(showing.show)
app.command("list")(showing.list_)
app.command()(showing.export)
app.command()(leaving.unsubscribe)
app.command()(leaving.suppress)
app.command()(leaving.erase)
app.command()(leaving.revoke)
