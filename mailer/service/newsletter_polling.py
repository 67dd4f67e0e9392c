"""Polls the mailbox to which other newsletters come, and brings each in as an article."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from apscheduler.triggers.cron import CronTrigger
from sqlalchemy.engine import Engine

from mailer.inbound import newsletters
from mailer.inbound.polling import collecting, mailbox_url
from mailer.inbound.polling.mailbox_url import MailboxUrl
from mailer.service.context import SchedulerContext
from recommender.articles import intake
from recommender.articles.values import ParsedArticle
from recommender.errors import ConfigurationError, InputError, LimitError, MailboxError, Rejected
from recommender.safety import quarantine
from recommender.safety.isolation import Isolation, Limits
from recommender.settings import Settings
from recommender.storage import database

JOB = "newsletter_mailbox"
MINUTES = "2-59/15"
READING = Limits(cpu_seconds=10.0, seconds=30.0)
"""What reading one mail may take."""


@dataclass
class Polled:
    """What came in by one mailbox, and what is wrong with it."""

    name: str
    report: intake.Report = field(default_factory=intake.Report)
    problem: str | None = None


def mailboxes(settings: Settings) -> tuple[MailboxUrl, ...]:
    """Where newsletters come. Raises ConfigurationError, which names no password."""
    try:
        return mailbox_url.parse(str(settings.newsletter_mailbox or ""))
    except ConfigurationError as error:
        raise ConfigurationError(
            str(error).replace("bounce_mailbox", "newsletter_mailbox")
        ) from error


def poll(
    engine: Engine,
    settings: Settings,
    clock: Callable[[], datetime],
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Polled]:
    """Take what is new in each mailbox. A mail counts as handled when its article is in the store:
    killed before, it is read again, which changes nothing."""
    with Isolation(READING) as isolation:
        for mailbox in mailboxes(settings):
            polled = Polled(mailbox.name)
            try:
                for data in collecting.collect(mailbox, timeout=settings.timeout_seconds):
                    _take(engine, settings, isolation, data, polled.report, clock())
                    if stopped():
                        break
            except (MailboxError, InputError) as error:
                polled.problem = str(error)
            yield polled


def _take(
    engine: Engine,
    settings: Settings,
    isolation: Isolation,
    data: bytes,
    report: intake.Report,
    now: datetime,
) -> None:
    found: ParsedArticle | Rejected
    try:
        found = isolation.run(newsletters.parse, data, list(settings.senders_read), now)
    except LimitError as error:
        kept = quarantine.set_aside(
            settings.quarantine, data, kind="mail", source="newsletter", why=str(error), now=now
        )
        found = Rejected("mail", None, f"cannot be read ({error}); kept in {kept}")
    report.add(intake.import_articles(lambda: database.writing(engine), [found], now=now))


def job(service: SchedulerContext) -> None:
    """The service's job: poll, and say what came and what is wrong."""

    def work() -> None:
        problems = []
        for one in poll(service.engine, service.settings, service.clock, service.stop.is_set):
            if one.report.added:
                service.report(f"mailbox {one.name}: {one.report.added} newsletters")
            if one.problem is not None:
                problems.append(collecting.named(one.name, one.problem))
        if problems:
            raise MailboxError("; ".join(problems))

    with service.runner.alone(JOB) as free:
        if free:
            service.runner.run(JOB, work)


def trigger() -> CronTrigger:
    """When the service polls."""
    return CronTrigger(minute=MINUTES, timezone="UTC")
