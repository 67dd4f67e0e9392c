"""``newsletter alerts``: what is wrong with the service, and who is told."""

import typer

from mailer.cli.common import Json, emit, invocation, say, table
from recommender.errors import ConfigurationError, NewsletterError

app = typer.Typer(no_args_is_help=True)


@app.command("list")
def list_(context: typer.Context, as_json: Json = False) -> None:
    """List what is wrong at this moment, and the alerts that could not be sent yet. Of relays and
    certificates it says what the service found when it last asked, which is every minute.

    Example: newsletter alerts list
    """
    from mailer.monitoring import alerts, troubles
    from recommender.storage import database

    run = invocation(context)
    with run.store() as engine, database.reading(engine) as session:
        skew = database.skew(engine, run.now)
        wrong = troubles.known(engine, session, run.settings, run.now + skew, skew)
        known = {(one.kind, one.subject): one.began_at for one in alerts.ongoing(session)}
        waiting = alerts.waiting(session)
    if as_json:
        names = ("channel", "turn", "kind", "subject", "made_at", "due_at", "attempts", "error")
        emit(
            {
                "troubles": [
                    {
                        "kind": one.kind,
                        "subject": one.subject,
                        "sentence": one.sentence,
                        "what_to_do": one.what_to_do,
                        "noticed_at": known.get((one.kind.value, one.subject)),
                    }
                    for one in wrong
                ],
                "waiting": [{name: getattr(one, name) for name in names} for one in waiting],
            }
        )
        return
    rows = [[one.kind, f"{one.subject} {one.sentence}", one.what_to_do] for one in wrong]
    table(["kind", "what is wrong", "what to do"], rows, empty="nothing is wrong")
    for one in waiting:
        why = one.error or "not tried yet"
        say(f"waits since {one.made_at:%Y-%m-%d %H:%M} UTC for {one.channel}: {one.subject}: {why}")


@app.command("test")
def send_test(context: typer.Context, as_json: Json = False) -> None:
    """Send a test alert by every way that is set (alert_to, alert_url), at once.

    Example: newsletter alerts test
    """
    from mailer.monitoring import alert_messages, alerts
    from recommender.models import Alert, Channel, Turn

    run = invocation(context)
    wanted = alerts.channels(run.settings)
    if not wanted:
        raise ConfigurationError("alert_to: neither it nor alert_url is set; nobody is told")
    alert = Alert(
        id=0,
        kind="test",
        subject="the test of alerts",
        sentence="was asked for on the command line",
        what_to_do="nothing is wrong",
        turn=Turn.BEGAN,
        began_at=run.now,
        made_at=run.now,
    )
    answers: dict[str, str | None] = {}
    for channel in wanted:
        try:
            if channel == Channel.MAIL:
                alert_messages.mail(run.settings, [alert])
            else:
                alert_messages.post(run.settings, alert, run.now)
            answers[channel] = None
        except NewsletterError as error:
            answers[channel] = str(error)
    if as_json:
        emit({"alerts": [{"channel": name, "problem": why} for name, why in answers.items()]})
    for name, why in answers.items():
        if why is None and not as_json:
            say(f"{name}: sent")
    for name, why in answers.items():
        if why is not None:
            raise NewsletterError(f"alert by {name} was not taken: {why}")


@app.command()
def secret() -> None:
    """Print a new secret for alert_secret; give it to whoever receives at alert_url, too.

    Example: newsletter alerts secret
    """
    from recommender.safety import standard_webhooks

    say(standard_webhooks.make())
