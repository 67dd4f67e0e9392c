"""Do relays and mailboxes answer, and does a message hold the rules?"""

from datetime import UTC, datetime

from mailer import conformance
from mailer.delivery import messages
from mailer.delivery.messages import CopyRequest
from mailer.diagnosis.finding import Finding, error, of_trouble, ok, refused, warning
from mailer.edition import schedule, templates
from mailer.inbound.polling import collecting, mailbox_url
from mailer.issue.composition import ReaderView
from mailer.issue.content import StoryContent
from mailer.monitoring import troubles
from mailer.relay import registry
from mailer.relay.http.relay import Relay
from recommender.errors import NewsletterError
from recommender.ranking.values import Pick, Reason
from recommender.settings import Settings

EXAMPLE = StoryContent(
    title="A story to look at",
    summary="This is what the doctor composes and sends: a summary of two sentences. It is "
    "never delivered to anybody.",
    takeaway="If you can read this as it was meant, the template works.",
    practice=("Look at it on a phone.", "Look at it in the dark."),
    url="https://www.example.org/story",
    source="The doctor",
)


REPORTS = {
    "ses": "hooks_ses_topic",
    "postmark": "hooks_postmark_secret",
    "mailgun": "hooks_mailgun_key",
}
"""The setting by which the provider behind each API reports bounces and complaints."""


def check_relays(settings: Settings) -> list[Finding]:
    """Whether each relay answers, which is asked, and whether it can say what bounced later."""
    found: list[Finding] = []
    for relay in registry.relays(settings):
        answer = troubles.relay(relay, settings.timeout_seconds)
        found.append(
            ok("relay", answer) if isinstance(answer, str) else of_trouble(answer, "error")
        )
        key = REPORTS.get(relay.name.partition(":")[0]) if isinstance(relay, Relay) else None
        if key is not None and not getattr(settings, key):
            why = f"{relay.name} takes every message and reports bounces later, by webhook only"
            todo = f"set {key} (docs/webhooks.md); else a dead mailbox is mailed again and again"
            found.append(warning("relay", why, todo))
    return found


def check_mailboxes(settings: Settings) -> list[Finding]:
    """Whether the mailboxes to which bounces come can be read."""
    todo = "see bounce_mailbox, and whether its server runs"
    try:
        named = mailbox_url.parse(str(settings.bounce_mailbox or ""))
    except NewsletterError as why:
        return [refused("mailbox", why, todo)]
    found: list[Finding] = []
    for mailbox in named:
        try:
            found.append(ok("mailbox", collecting.check(mailbox, timeout=settings.timeout_seconds)))
        except NewsletterError as why:
            found.append(error("mailbox", str(why), todo))
    return found


def check_message(settings: Settings, now: datetime) -> list[Finding]:
    """Whether a message made from the templates as they are holds the rules."""
    try:
        data = _example(settings, now)
    except NewsletterError as why:
        return [refused("message", why, "no message can be made before that is mended")]
    findings = conformance.check(data, recipient="reader@example.com", now=now)
    return _by_rule(findings, settings.base_url) or [
        ok("message", f"{len(conformance.RULES)} rules hold")
    ]


def _by_rule(findings: list[conformance.Finding], base_url: str) -> list[Finding]:
    """A finding for each rule that is broken, with the first of what breaks it. Most that is wrong
    with links follows from an address of the pages that no mail should have."""
    by_rule: dict[tuple[str, str], list[str]] = {}
    for one in findings:
        by_rule.setdefault((one.rule, one.level), []).append(one.what)
    found = []
    for (rule, level), broken in by_rule.items():
        todo = "see the templates (`newsletter templates check`) and the settings of the sender"
        if not base_url.startswith("https://") and any(base_url in what for what in broken):
            todo = f"this follows from base_url, {base_url}: set it to your https address"
        more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
        found.append((error if level == "must" else warning)(rule, f"{broken[0]}{more}", todo))
    return found


def _example(settings: Settings, now: datetime) -> bytes:
    factory = messages.make_factory(
        settings,
        newsletter=settings.newsletter,
        period=schedule.period_of(now.astimezone(UTC).date(), settings.schedule),
        template=templates.installed(settings),
        stories={"1": EXAMPLE},
    )
    request = CopyRequest(
        delivery_id=1,
        recipient="reader@example.com",
        picks=[Pick("1", 1, 1.0, (Reason("topic", "Example", 1.0),))],
        reader=ReaderView(name="Reader", roles=("CTO",)),
    )
    return factory.message(request, now).data
