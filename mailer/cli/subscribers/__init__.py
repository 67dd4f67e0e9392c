"""``newsletter subscribers``: who reads, and what they want."""

import typer

from mailer.cli.subscribers import changing, importing, leaving, showing

app = typer.Typer(no_args_is_help=True)
app.command("import")(importing.import_)
app.command()(changing.add)
app.command()(changing.update)
app.command()(showing.show)
app.command("list")(showing.list_)
app.command()(showing.export)
app.command()(leaving.unsubscribe)
app.command()(leaving.suppress)
app.command()(leaving.erase)
app.command()(leaving.revoke)
