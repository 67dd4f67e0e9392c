"""``newsletter doctor``: is everything ready to send?"""

from datetime import UTC, datetime
from typing import Literal

import typer

from mailer import conformance
from mailer.cli.common import Json, emit, invocation, say
from mailer.dispatch import copies
from mailer.edition import schedule
from mailer.issue import rendering
from mailer.issue.composition import ReaderView, StoryContent
from mailer.pace import pauses, warmup
from mailer.relay import relay_urls, relays, transports
from recommender import database, resources, settings, store
from recommender.errors import NewsletterError
from recommender.ranking.values import Pick, Reason
from recommender.settings import Settings

Line = tuple[Literal["ok", "warning", "error"], str, str]
EXAMPLE = StoryContent(
    title="A story to look at",
    summary="This is what the doctor sends through the press: a summary of two sentences. It is "
    "never delivered to anybody.",
    takeaway="If you can read this as it was meant, the template works.",
    practice=("Look at it on a phone.", "Look at it in the dark."),
    url="https://www.example.org/story",
    source="The doctor",
)


def doctor(context: typer.Context, as_json: Json = False) -> None:
    """Check configuration, store and relay, and a rendered message for conformance.

    Example: newsletter doctor
    """
    run = invocation(context)
    lines = [
        *_configuration(run.settings),
        *_store(run.settings),
        *_limits(run.settings, run.now),
        *_relays(run.settings),
        *_message(run.settings, run.now),
    ]
    if as_json:
        emit({"checks": [{"state": s, "what": what, "found": f} for s, what, f in lines]})
    else:
        for state, what, found in lines:
            say(f"{state:<8} {what}: {found}")
    if any(state == "error" for state, _, _ in lines):
        raise typer.Exit(1)


def _configuration(found: Settings) -> list[Line]:
    examples = transports.missing_for_real_mail(found)
    misspelt = settings.strangers()
    lines: list[Line] = [
        *(("warning", "configuration", f"{key} still has its example value") for key in examples),
        *(("warning", "configuration", f"{name} sets nothing; misspelt?") for name in misspelt),
    ]
    if found.base_url.startswith("http://"):
        why = "base_url is not https, which RFC 8058 requires of the unsubscribe link"
        lines.append(("error", "configuration", why))
    elif found.trusted_proxies is None and "base_url" not in examples:
        why = (
            "trusted_proxies is not set: only a proxy on this machine is believed who asks; behind "
            "any other all readers count as one. Name your proxy (127.0.0.1 if it is here)"
        )
        lines.append(("warning", "proxies", why))
    for signer in copies.signers(found):
        name, value = signer.dns_record()
        lines.append(("ok", "DKIM", f'publish: {name}. TXT "{value}"'))
    return lines or [("ok", "configuration", "complete")]


def _store(found: Settings) -> list[Line]:
    try:
        engine = database.connect(found.store_url)
        at = store.revision(engine)
        engine.dispose()
    except NewsletterError as error:
        return [("error", "store", str(error))]
    if at is None:
        return [("warning", "store", "empty; `newsletter init` makes it")]
    if at != store.head():
        return [("error", "store", f"at version {at}, needs {store.head()}: `newsletter init`")]
    return [("ok", "store", engine.url.render_as_string(hide_password=True))]


def _limits(found: Settings, now: datetime) -> list[Line]:
    """Where the warm-up stands, which domains are paused, and whether the clocks agree."""
    try:
        engine = database.connect(found.store_url)
        if store.revision(engine) != store.head():
            return []
        ahead = database.skew(engine, now).total_seconds()
        with database.reading(engine) as session:
            step = warmup.step(session, found, now)
            paused = pauses.paused(session, now)
        engine.dispose()
    except NewsletterError:
        return []  # said under "store"
    lines: list[Line] = []
    if found.warm_up is not None:
        lines.append(("ok", "warm-up", "over" if step is None else step.sentence()))
    if abs(ahead) > 1:
        why = f"this machine's clock is {ahead:+.1f} s from the store's; use NTP"
        lines.append(("warning", "clock", why))
    for pause in paused:
        why = f"paused until {pause.until:%Y-%m-%d %H:%M} UTC: {pause.why}"
        lines.append(("warning", pause.domain, why))
    return lines


def _relays(found: Settings) -> list[Line]:
    if found.smtp_url is None:
        return [("ok", "relay", f"none: messages are written to {found.outbox}")]
    lines: list[Line] = []
    for relay in relay_urls.parse(found.smtp_url):
        try:
            relays.try_out(relay, found.timeout_seconds)
            lines.append(("ok", "relay", f"{relay.name} answers"))
        except NewsletterError as error:
            lines.append(("error", "relay", str(error)))
    return lines


def _message(found: Settings, now: datetime) -> list[Line]:
    template = rendering.compile_template(resources.folder("templates") / "email")
    press = copies.make_press(
        found,
        newsletter=found.newsletter,
        period=schedule.period_of(now.astimezone(UTC).date()),
        template=template,
        stories={"1": EXAMPLE},
    )
    pick = Pick("1", 1, 1.0, (Reason("topic", "Example", 1.0),))
    issue = press.compose(1, [pick], ReaderView(name="Reader", roles=("CTO",)))
    rendered = press.renderer.render(issue)
    message = press.wrap(1, "reader@example.com", issue, rendered, now)
    findings = conformance.check(message.data, recipient="reader@example.com", now=now)
    return [
        ("error" if finding.level == "must" else "warning", finding.rule, finding.what)
        for finding in findings
    ] or [("ok", "message", f"{len(conformance.RULES)} rules hold")]
