"""``newsletter doctor``: is everything ready to send?"""

from datetime import UTC, datetime, timedelta
from typing import Literal

import sqlalchemy as sa
import typer

from mailer import conformance
from mailer.cli import permissions
from mailer.cli.common import Json, emit, invocation, say
from mailer.delivery import messages, samples
from mailer.delivery.messages import CopyRequest
from mailer.edition import schedule, templates
from mailer.inbound.polling import collecting, mailbox_url
from mailer.issue.composition import ReaderView, StoryContent
from mailer.ledger import editions
from mailer.monitoring import alerts, heartbeats, readiness, supervision, troubles
from mailer.monitoring.troubles import Kind
from mailer.relay import registry
from mailer.rendering import look as looks
from mailer.rendering.look import READABLE, contrast
from mailer.throttling import pauses, warmup
from recommender import settings, store_opening
from recommender.errors import NewsletterError
from recommender.models import DeliveryState
from recommender.ranking.values import Pick, Reason
from recommender.safety import quarantine
from recommender.settings import Settings
from recommender.storage import damage, database, migrations

Line = tuple[Literal["ok", "warning", "error"], str, str]
EXAMPLE = StoryContent(
    title="A story to look at",
    summary="This is what the doctor composes and sends: a summary of two sentences. It is "
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
    lines: list[Line] = [
        *_configuration(run.settings),
        *(("warning", "files", line) for line in permissions.exposed(run.settings, run.file)),
        *_store(run.settings),
        *_space(run.settings, run.now),
        *_limits(run.settings, run.now),
        *_quarantine(run.settings),
        *_relays(run.settings),
        *_look(run.settings),
        *_mailboxes(run.settings),
        *_message(run.settings, run.now),
        *_edition(run.settings, run.now),
    ]
    if as_json:
        emit({"checks": [{"state": s, "what": what, "found": f} for s, what, f in lines]})
    else:
        for state, what, found in lines:
            say(f"{state:<8} {what}: {found}")
    if any(state == "error" for state, _, _ in lines):
        raise typer.Exit(1)


def _configuration(found: Settings) -> list[Line]:
    examples = registry.missing_for_real_mail(found)
    misspelt = settings.unknown_variables()
    lines: list[Line] = [
        *(("warning", "configuration", f"{key} still has its example value") for key in examples),
        *(("warning", "configuration", f"{name} sets nothing; misspelt?") for name in misspelt),
    ]
    if found.secret_key is None and not found.store_url.startswith("sqlite"):
        why = "secret_key is not set: each machine would make its own, and refuse others' links"
        lines.append(("warning", "configuration", why))
    if found.base_url.startswith("http://"):
        why = "base_url is not https, which RFC 8058 requires of the unsubscribe link"
        lines.append(("error", "configuration", why))
    elif found.trusted_proxies is None and "base_url" not in examples:
        why = (
            "trusted_proxies is not set: only a proxy on this machine is believed who asks; behind "
            "any other all readers count as one. Name your proxy (127.0.0.1 if it is here)"
        )
        lines.append(("warning", "proxies", why))
    for signer in messages.signers(found):
        name, value = signer.dns_record()
        lines.append(("ok", "DKIM", f'publish: {name}. TXT "{value}"'))
    return lines or [("ok", "configuration", "complete")]


def _store(found: Settings) -> list[Line]:
    try:
        engine = database.connect(found.store_url)
        with damage.explained(engine):
            migrations.check_version(engine)
            damage.refuse_damaged(engine, None)
            store_opening.check_newsletter(engine, found.newsletter)
        engine.dispose()
    except NewsletterError as error:
        return [("error", "store", str(error))]
    return [("ok", "store", database.place(engine))]


def _space(found: Settings, now: datetime) -> list[Line]:
    """Whether store and home can be written, which is tried, and how much space is left."""
    lines: list[Line] = []
    try:
        engine = database.connect(found.store_url)
        places = readiness.places(engine, found)
        if not database.missing(engine) and migrations.revision(engine) == migrations.head():
            heartbeats.beat(engine, [], "", now)
        engine.dispose()
    except (NewsletterError, sa.exc.DBAPIError) as error:
        lines.append(("error", "store", f"cannot be written: {supervision.words(error)}"))
        places = [found.home] if found.home.is_dir() else []
    for place in places:
        if (why := readiness.cannot_be_written(place)) is not None:
            lines.append(("error", "space", f"{place} cannot be written: {why}"))
        elif low := troubles.disks([place]):
            lines.append(("warning", "space", low[0].words))
        else:
            left = readiness.free_bytes(place)
            lines.append(("ok", "space", f"{left / 1e9:,.1f} GB left in {place}"))
    return lines


def _limits(found: Settings, now: datetime) -> list[Line]:
    """Where the warm-up stands, which domains are paused, whether the clocks agree, and what is
    wrong with the service."""
    try:
        engine = database.connect(found.store_url)
        if database.missing(engine) or migrations.revision(engine) != migrations.head():
            return []
        with damage.explained(engine), database.reading(engine) as session:
            ahead = database.skew(engine, now).total_seconds()
            step = warmup.step(session, found, now)
            paused = pauses.paused(session, now)
            wrong = troubles.found(engine, session, found, now + timedelta(seconds=ahead))
            untold = alerts.waiting(session)
        engine.dispose()
    except NewsletterError:
        return []  # said under "store"
    lines: list[Line] = []
    if found.warm_up is not None:
        lines.append(("ok", "warm-up", "over" if step is None else step.sentence()))
    if abs(ahead) > 1:
        why = f"this machine's clock is {ahead:+.1f} s from the store's; use NTP"
        lines.append(("warning", "clock", why))
    lines += [("warning", one.kind, one.words) for one in wrong if one.kind != Kind.DISK]
    for alert in [one for one in untold if one.error is not None][-1:]:
        why = f"{len(untold)} could not be sent by {alert.channel}: {alert.error}"
        lines.append(("warning", "alerts", why))
    for pause in paused:
        why = f"paused until {pause.until:%Y-%m-%d %H:%M} UTC: {pause.why}"
        lines.append(("warning", pause.domain, why))
    return lines


def _quarantine(found: Settings) -> list[Line]:
    """What was set aside since nobody could read it."""
    number, oldest = quarantine.count(found.quarantine), quarantine.oldest(found.quarantine)
    if oldest is None:
        return []
    why = (
        f"{number} things that could not be read are in {found.quarantine}, the oldest since "
        f"{oldest:%Y-%m-%d}; look at them, then remove them"
    )
    return [("warning", "quarantine", why)]


def _relays(found: Settings) -> list[Line]:
    lines: list[Line] = []
    for relay in registry.relays(found):
        answer = troubles.relay(relay, found.timeout_seconds)
        if isinstance(answer, str):
            lines.append(("ok", "relay", answer))
        else:
            lines.append(("error", "relay", answer.words))
    return lines


def _look(found: Settings) -> list[Line]:
    """An accent that words cannot be written in is mended, and said here."""
    look = looks.look(found.accent, found.font)
    lines: list[Line] = []
    for what, palette, ground in (
        ("light", look.light, "#ffffff"),
        ("dark", look.dark, look.dark.sheet),
    ):
        before = contrast(found.accent, ground)
        if palette.accent != found.accent and before < READABLE:
            why = (
                f"accent {found.accent} has a contrast of {before:.1f} on the {what} ground, less "
                f"than {READABLE} (WCAG 2.1): words are written in {palette.accent} there"
            )
            lines.append(("warning" if what == "light" else "ok", "look", why))
    return lines or [("ok", "look", f"accent {found.accent} can be read, light and dark")]


def _mailboxes(found: Settings) -> list[Line]:
    """Whether the mailboxes to which bounces come can be read."""
    lines: list[Line] = []
    try:
        named = mailbox_url.parse(str(found.bounce_mailbox or ""))
    except NewsletterError as error:
        return [("error", "mailbox", str(error))]
    for mailbox in named:
        try:
            lines.append(
                ("ok", "mailbox", collecting.check(mailbox, timeout=found.timeout_seconds))
            )
        except NewsletterError as error:
            lines.append(("error", "mailbox", str(error)))
    return lines


def _message(found: Settings, now: datetime) -> list[Line]:
    template = templates.installed(found)
    factory = messages.make_factory(
        found,
        newsletter=found.newsletter,
        period=schedule.period_of(now.astimezone(UTC).date(), found.schedule),
        template=template,
        stories={"1": EXAMPLE},
    )
    pick = Pick("1", 1, 1.0, (Reason("topic", "Example", 1.0),))
    request = CopyRequest(
        delivery_id=1,
        recipient="reader@example.com",
        picks=[pick],
        reader=ReaderView(name="Reader", roles=("CTO",)),
    )
    message = factory.message(request, now)
    findings = conformance.check(message.data, recipient="reader@example.com", now=now)
    return [
        ("error" if finding.level == "must" else "warning", finding.rule, finding.what)
        for finding in findings
    ] or [("ok", "message", f"{len(conformance.RULES)} rules hold")]


def _edition(found: Settings, now: datetime) -> list[Line]:
    """A sample of the copies of the latest edition, as they are or were to be sent."""
    try:
        engine = database.connect(found.store_url)
        if migrations.revision(engine) != migrations.head():
            return []  # said under "store"
        with database.reading(engine) as session:
            kept = [one for one in editions.listing(session) if one.slim_at is None]
            latest = next((one for one in kept if one.newsletter.name == found.newsletter), None)
            if latest is None:
                return []
            findings, number = samples.check(session, found, latest, now, tuple(DeliveryState))
            name = latest.name
        engine.dispose()
    except NewsletterError as error:
        return [("error", "edition", str(error))]
    levels: dict[str, Literal["warning", "error"]] = {"must": "error", "should": "warning"}
    return [(levels[finding.level], name, finding.sentence()) for finding in findings] or [
        ("ok", name, f"{len(conformance.RULES)} rules hold in each of {number} messages")
    ]
