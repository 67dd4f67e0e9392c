"""All that the doctor looks at, in the order in which it is said.

``strict`` is the gate before mail goes to real people: it also asks for what one can do without
while trying things out (a relay, a backup, alerts, bounces), and every warning stops it.
"""

from datetime import datetime
from pathlib import Path

import dns.resolver
from sqlalchemy.engine import Engine

from mailer.diagnosis import configuration, content, mail, permissions, sender_authentication
from mailer.diagnosis import stored as stores
from mailer.diagnosis.dns_lookup import Lookup
from mailer.diagnosis.finding import Finding
from mailer.relay import registry
from recommender.settings import Settings
from recommender.storage import damage, database


def examine(
    settings: Settings,
    file: Path,
    now: datetime,
    resolver: dns.resolver.Resolver | None,
    *,
    strict: bool,
) -> list[Finding]:
    """Everything found; ``file`` is the settings file, if there is one, and ``resolver`` is asked
    for the sender's records."""
    engine, opening = stores.opened(settings)
    live = strict or bool(registry.beyond_this_machine(registry.relays(settings)))
    try:
        found = [
            *configuration.check(settings, strict=strict),
            *permissions.exposed(settings, file),
            *sender_authentication.check(settings, Lookup(resolver), live=live),
            opening,
            *stores.check_space(engine, settings, now),
            *(_of_store(engine, settings, now, strict=strict) if engine is not None else ()),
            *stores.check_quarantine(settings),
            *mail.check_relays(settings),
            *configuration.check_look(settings),
            *mail.check_mailboxes(settings),
            *mail.check_message(settings, now),
        ]
        return list({one.found: one for one in reversed(found)}.values())[::-1]  # said once each
    finally:
        if engine is not None:
            engine.dispose()


def passed(findings: list[Finding], *, strict: bool) -> bool:
    """Whether mail may go out: no error, and in ``strict`` no warning either."""
    stops = ("error", "warning") if strict else ("error",)
    return not any(one.state in stops for one in findings)


def _of_store(engine: Engine, settings: Settings, now: datetime, *, strict: bool) -> list[Finding]:
    with damage.explained(engine), database.reading(engine) as session:
        return [
            *content.check_stories(session, settings, now),
            *content.check_readers(session),
            *stores.check_backups(session, settings, now, strict=strict),
            *stores.check_state(engine, session, settings, now),
            *stores.check_edition(session, settings, now),
        ]
