"""Mails what follows from replies: what was changed, with a link to undo it; that nothing was
understood; the replies that are for a person to read.

What is to be mailed stands in the store (``InboundMessage.answer``) since the reply was acted on,
and is taken from there when a relay has it. That it is on the wire is noted before the final dot,
so it is mailed once at most: what a process that was killed had on the wire, or what the relay gave
no answer to, is said to be in doubt and not mailed again.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer import localization, transactional
from mailer.inbound.mailboxes import LARGEST
from mailer.links import Links
from mailer.localization import Language
from mailer.mime.headers import ascii_domain, on_the_wire
from mailer.mime.message import Message
from recommender.errors import NotTakenError, TransportError
from recommender.models import InboundMessage, Subscriber
from recommender.safety import scrubbing
from recommender.settings import DAYS, Settings, mailbox
from recommender.storage import database, locks
from recommender.subscribers import consent

UNDO_WITHIN = timedelta(days=14)
MANAGE_WITHIN = timedelta(days=2)
KEEP_TRYING = timedelta(days=3)
"""For how long after a reply its answers are tried; mail servers give up after as long."""
AT_ONCE = 200
"""Messages looked up at one time."""
ON_WIRE = "on_wire"
"""The mark of an answer that a relay may have taken."""
LOCK = "answers"
"""The lock of who mails them."""


def send_pending(
    engine: Engine,
    settings: Settings,
    clock: Callable[[], datetime],
    warn: Callable[[str], None],
) -> int:
    """Mail what is still to be mailed; how many mails were taken. None, while another does it.

    What a relay refuses for good is dropped; what it does not take now is tried again at the next
    time, until ``KEEP_TRYING`` after the reply came. What it may have taken is in doubt, and ends
    with that. None of these keeps other answers waiting."""
    with locks.hold(engine, LOCK) as mine:
        return _Turn(engine, settings, clock, warn).mail() if mine else 0


@dataclass
class _Turn:
    """One time at which everything that waits is tried. ``away`` is why no relay can be used."""

    engine: Engine
    settings: Settings
    clock: Callable[[], datetime]
    warn: Callable[[str], None]
    sent: int = 0
    waiting: list[str] = field(default_factory=list)
    away: TransportError | None = None

    def mail(self) -> int:
        after = 0
        while numbers := self._numbers(after):
            for after in numbers:
                self._row(after)
        if self.waiting:
            number = len(self.waiting)
            what = "an answer to a reply waits" if number == 1 else f"{number} answers wait"
            self.warn(f"{what}: {self.waiting[0]}")
        return self.sent

    def _numbers(self, after: int) -> Sequence[int]:
        query = sa.select(InboundMessage.id).where(
            InboundMessage.answer.is_not(None), InboundMessage.id > after
        )
        with database.reading(self.engine) as session:
            return session.scalars(query.order_by(InboundMessage.id).limit(AT_ONCE)).all()

    def _row(self, number: int) -> None:
        """Mail what follows from one reply; after each mail the store says what is left."""
        with database.reading(self.engine) as session:
            row = session.get(InboundMessage, number)
            if row is None or row.answer is None:
                return
            reader = session.get(Subscriber, row.subscriber_id or 0)
            if reader is not None and consent.is_suppressed(session, reader.email):
                reader = None
        left: list[dict[str, Any]] = json.loads(row.answer)
        for answer in list(left):

            def on_wire(answer: dict[str, Any] = answer) -> None:
                self._keep(
                    number, [one | {ON_WIRE: True} if one is answer else one for one in left]
                )

            if answer.pop(ON_WIRE, False):
                self._give_up(answer, "is in doubt", "its process ended before the relay's answer")
            elif not self._settled(row, reader, answer, on_wire):
                self._keep(number, left)
                continue
            left.remove(answer)
            self._keep(number, left)

    def _keep(self, number: int, left: list[dict[str, Any]]) -> None:
        """Note what is still to be mailed because of one reply."""
        values = {"answer": json.dumps(left) if left else None}
        done = sa.update(InboundMessage).where(InboundMessage.id == number).values(values)
        with database.writing(self.engine) as session:
            session.execute(done)

    def _settled(
        self,
        row: InboundMessage,
        reader: Subscriber | None,
        answer: dict[str, Any],
        on_wire: Callable[[], None],
    ) -> bool:
        """Mail one answer; whether it need not be tried again."""
        now = self.clock()
        try:
            self._send(_composed(self.settings, row, reader, answer, now), now, on_wire)
        except Exception as error:  # noqa: BLE001  (whatever is wrong with it, others go on)
            why = scrubbing.line(error)
            if isinstance(error, TransportError) and not isinstance(error, NotTakenError):
                self.away = error
            if isinstance(error, NotTakenError) and error.doubtful:
                self._give_up(answer, "is in doubt", why)
                return True
            refused = isinstance(error, NotTakenError) and error.refused
            if refused or row.at < now - KEEP_TRYING:
                self._give_up(answer, "is dropped", why)
                return True
            self.waiting.append(why)
            return False
        return True

    def _give_up(self, answer: dict[str, Any], what: str, why: str) -> None:
        kept = f" (the reply is in {answer['file']})" if "file" in answer else ""
        self.warn(f"an answer to a reply {what}{kept}: {why}")

    def _send(self, message: Message | None, now: datetime, on_wire: Callable[[], None]) -> None:
        if message is None:
            return
        if self.away is not None:
            raise self.away
        transactional.send(self.settings, message, now, on_wire=on_wire)
        self.sent += 1


def _composed(
    settings: Settings,
    row: InboundMessage,
    reader: Subscriber | None,
    answer: dict[str, Any],
    now: datetime,
) -> Message | None:
    """The mail that is to be sent; None when there is nobody, or nothing, to send it to."""
    if answer["what"] == "forward":
        return forwarded(settings, Path(answer["file"]), now)
    if reader is None:
        return None
    language = localization.choose(reader.locale, settings.language)
    links = Links(settings.base_url, settings.secrets)
    subject, paragraphs = _words(settings, language, answer, row, reader, links, now)
    return transactional.compose(settings, reader.email, subject, paragraphs, now, language)


def _words(
    settings: Settings,
    language: Language,
    answer: dict[str, Any],
    row: InboundMessage,
    reader: Subscriber,
    links: Links,
    now: datetime,
) -> tuple[str, list[str]]:
    _, title = language.text, settings.title
    manage = links.manage(reader.id, reader.link_key, now + MANAGE_WITHIN)
    if answer["what"] == "left":
        return _("You have left: %(title)s", title=title), [
            _(
                "As a mail from your address asked, you get no more issues of %(title)s.",
                title=title,
            ),
            _("If it was not you, subscribe again:"),
            f"{settings.base_url.rstrip('/')}/subscribe",
        ]
    if answer["what"] == "unclear":
        return _("Your reply: %(title)s", title=title), [
            _("We did not understand what to change, and changed nothing."),
            _("Here you choose what %(title)s sends you:", title=title),
            manage,
        ]
    lines = [_change(language, what, value) for what, value in answer["changes"]]
    unknown = [
        _("We do not have the topic “%(name)s”.", name=name) for name in answer.get("unknown", [])
    ]
    return _("Changed as you asked: %(title)s", title=title), [
        "\n".join(f"- {line}" for line in lines),
        *unknown,
        _("Undo it:"),
        links.undo(row.id, reader.link_key, now + UNDO_WITHIN),
        _("Here you choose what %(title)s sends you:", title=title),
        manage,
    ]


def _change(language: Language, what: str, value: str) -> str:
    _ = language.text
    match what:
        case "more":
            return _("More about %(topic)s", topic=value)
        case "less":
            return _("Less about %(topic)s", topic=value)
        case "mute":
            return _("Nothing about %(topic)s", topic=value)
        case "day":
            return _("Sent on this day: %(day)s", day=language.weekdays[DAYS.index(value)])
        case "frequency":
            names = {
                "weekly": _("Every week"),
                "fortnightly": _("Every other week"),
                "monthly": _("Once a month"),
            }
            return names[value]
        case _:
            return _("Paused for so many weeks: %(number)s", number=value)


def forwarded(settings: Settings, file: Path, now: datetime) -> Message | None:
    """The reply in ``file`` as an attachment of a mail from us, which goes to
    ``forward_replies_to``; None when the file or the address is gone."""
    if settings.forward_replies_to is None or not file.is_file():
        return None
    with file.open("rb") as opened:
        data = opened.read(LARGEST)
    to = on_the_wire(mailbox(settings.forward_replies_to)[1])
    sender = on_the_wire(mailbox(settings.sender)[1])
    mail = EmailMessage(policy=policy.SMTP.clone(max_line_length=998))
    mail["From"], mail["To"] = sender, to
    mail["Subject"] = f"A reply to {settings.title}"
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<reply.{file.stem}@{ascii_domain(sender.rpartition('@')[2])}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(f"Somebody wrote; the mail is attached as it came.\n\nKept in {file}\n")
    attachment = EmailMessage(policy=policy.SMTP)
    attachment.set_content(data, "application", "octet-stream", filename=f"{file.stem}.eml")
    attachment.replace_header("Content-Type", f'message/rfc822; name="{file.stem}.eml"')
    if data.isascii():
        attachment.replace_header("Content-Transfer-Encoding", "7bit")
        attachment.set_payload(data.decode("ascii").replace("\r\n", "\n"))
    else:  # RFC 2046 section 5.2.1 lets no message be encoded; as a file it may be
        attachment.replace_header(
            "Content-Type", f'application/octet-stream; name="{file.stem}.eml"'
        )
    mail.make_mixed()
    mail.attach(attachment)
    return Message(
        envelope_from=on_the_wire(mailbox(settings.bounce_address or settings.sender)[1]),
        recipient=to,
        data=mail.as_bytes(),
        message_id=str(mail["Message-ID"]),
        smtputf8=not to.isascii(),
    )
