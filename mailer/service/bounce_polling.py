"""Polls the mailboxes to which bounces come and acts on what is new: by hand (``bounces poll``),
and by the service every ``bounce_minutes``. What is wrong with one mailbox stops no other.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from apscheduler.triggers.cron import CronTrigger
from sqlalchemy.engine import Engine

from mailer.inbound import bounce_processing, mailboxes
from mailer.inbound.bounce_processing import Report, Rules
from mailer.inbound.dead_mailbox_policy import SoftBounceLimit
from mailer.inbound.polling import collecting, mailbox_url
from mailer.inbound.polling.mailbox_url import MailboxUrl
from mailer.inbound.reply_processing import ReplyRules
from mailer.service import answers
from mailer.service.context import SchedulerContext
from recommender.errors import InputError, MailboxError
from recommender.settings import Settings
from recommender.settings import mailbox as named
from recommender.storage import database

JOB = "bounces"


@dataclass(frozen=True)
class Polled:
    """What came in by one mailbox, and what is wrong with it."""

    name: str
    report: Report
    problem: str | None = None


def rules(settings: Settings) -> Rules:
    """How it is judged what came back."""
    limit = SoftBounceLimit(settings.soft_bounces, settings.soft_bounce_days)
    ours = (settings.sender, settings.reply_to, settings.bounce_address)
    replies = ReplyRules(
        settings.home / "replies",
        forward=settings.forward_replies_to is not None,
        own=frozenset(named(one)[1].lower() for one in ours if one),
    )
    return Rules(settings.secrets, limit, replies)


def aside(settings: Settings, warn: Callable[[str], None]) -> Callable[[bytes, str], None]:
    """What is done with a message that cannot be digested."""

    def set_aside(message: bytes, why: str) -> None:
        file = mailboxes.save(settings.home / "quarantine", message)
        warn(f"set aside, since it cannot be read ({why}): {file}")

    return set_aside


def poll(
    engine: Engine,
    settings: Settings,
    clock: Callable[[], datetime],
    warn: Callable[[str], None],
    *,
    progress: Callable[[int], None] = lambda _: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Polled]:
    """Take what is new in each mailbox. Only trouble with the store or the settings ends it."""
    for mailbox in mailbox_url.parse(str(settings.bounce_mailbox or "")):
        report, problem = Report(), None
        try:
            for data in collecting.collect(mailbox, timeout=settings.timeout_seconds):
                _take(engine, settings, data, report, mailbox, clock(), warn)
                progress(report.read)
                if stopped():
                    break
        except (MailboxError, InputError) as error:
            problem = str(error)
        yield Polled(mailbox.name, report, problem)


def _take(
    engine: Engine,
    settings: Settings,
    data: bytes,
    report: Report,
    mailbox: MailboxUrl,
    now: datetime,
    warn: Callable[[str], None],
) -> None:
    bounce_processing.take(
        lambda: database.writing(engine),
        data,
        report,
        rules=rules(settings),
        now=now,
        set_aside=aside(settings, warn),
        way=mailbox.scheme,
    )


def taker(
    engine: Engine,
    settings: Settings,
    clock: Callable[[], datetime],
    warn: Callable[[str], None],
) -> Callable[[bytes], None]:
    """What acts on one message that was delivered here by LMTP."""
    mailbox = MailboxUrl("lmtp", "")

    def take(data: bytes) -> None:
        report = Report()
        _take(engine, settings, data, report, mailbox, clock(), warn)
        for words in report.of_sender:
            warn(f"a bounce about this sender, not about a reader: {words}")

    return take


def answerer(
    engine: Engine,
    settings: Settings,
    clock: Callable[[], datetime],
    warn: Callable[[str], None],
) -> Callable[[], None]:
    """What mails the answers to what was delivered here."""

    def answer() -> None:
        answers.send_pending(engine, settings, clock, warn)

    return answer


def sum_up(polled: Iterable[Polled]) -> Report:
    """What came in by all of them."""
    total = Report()
    for one in polled:
        total.add(one.report)
    return total


def job(service: SchedulerContext) -> None:
    """The service's job: poll, and say what is wrong once, and what speaks of us; mail the answers
    that wait, and remove old replies, by whatever way they came."""

    def work() -> None:
        problems: list[str] = []
        engine, settings, clock = service.engine, service.settings, service.clock
        polled = poll(engine, settings, clock, service.report, stopped=service.stop.is_set)
        for one in polled:
            name = f"mailbox {one.name}"
            if one.problem is not None:
                problems.append(collecting.named(one.name, one.problem))
            if one.report.recognised or one.report.replies:
                service.report(f"{name}: {one.report.line()}")
            for words in one.report.of_sender:
                service.report(f"a bounce about this sender, not about a reader: {words}")
        answers.send_pending(engine, settings, clock, service.report)
        tidy(settings, clock())
        if problems:  # the store remembers it, so that whoever looks is told
            raise MailboxError("; ".join(problems))

    with service.runner.alone(JOB) as free:
        if free:
            service.runner.run(JOB, work)


def tidy(settings: Settings, now: datetime) -> int:
    """Remove kept replies that are older than ``keep_webhooks_days``; how many."""
    before = (now - timedelta(days=settings.keep_webhooks_days)).timestamp()
    folder = settings.home / "replies"
    old = [file for file in folder.glob("*.eml") if file.stat().st_mtime < before]
    for file in old:
        file.unlink(missing_ok=True)
    return len(old)


def trigger(settings: Settings) -> CronTrigger:
    """When the service polls."""
    return CronTrigger(minute=f"*/{settings.bounce_minutes}", timezone="UTC")
