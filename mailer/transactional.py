"""Mail that readers ask for themselves: confirm a subscription, a link to one's own choices.

One short message at a time, by the configured way out; without a relay into ``outbox/service``. It
is no edition: the ledger knows nothing of it, and a reader who got none simply asks again.
"""

import itertools
from collections.abc import Callable, Sequence
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import lru_cache
from hashlib import sha256

import jinja2

from mailer.localization import N_, Language
from mailer.mime.headers import ascii_domain, on_the_wire
from mailer.mime.message import Message
from mailer.relay import registry
from mailer.relay.transport import NoLimits, VerdictKind
from mailer.rendering import look as looks
from recommender import resources
from recommender.errors import NotTakenError
from recommender.settings import Settings, mailbox

FOLDER = "service"
"""Where it lies in the outbox."""
BY_HAND = N_("If the button does not work, copy this address into your browser:")
_NUMBERS = itertools.count()


def compose(
    settings: Settings,
    recipient: str,
    subject: str,
    paragraphs: Sequence[str],
    now: datetime,
    language: Language,
    *,
    automatic: str = "auto-replied",
    heading: str = "",
    button: str = "",
) -> Message:
    """A message in ``language`` from the newsletter to ``recipient``: plain text, and with a
    ``button``, the words on the paragraph that is a link, HTML in the newsletter's look as well,
    under a ``heading`` of its own. ``automatic`` is its Auto-Submitted (RFC 3834): by
    default, an answer to what somebody asked."""
    name, address = mailbox(settings.sender)
    sender = on_the_wire(address)
    to = on_the_wire(recipient)
    pages = _pages(settings, language)
    end = [f"-- \n{settings.title}", settings.postal_address, *[f"{n}: {u}" for n, u in pages]]
    text = "\n\n".join([*filter(None, [heading]), *paragraphs, "\n".join(end)]) + "\n"
    mail = EmailMessage(policy=policy.SMTP.clone(max_line_length=998))
    mail["From"] = Address(name, addr_spec=sender)
    mail["To"] = to
    mail["Subject"] = subject
    mail["Date"] = format_datetime(now)
    unique = sha256(f"{to} {subject} {text} {now.isoformat()}".encode()).hexdigest()[:32]
    domain = ascii_domain(sender.rpartition("@")[2])
    mail["Message-ID"] = f"<service.{unique}@{domain}>"
    mail["Auto-Submitted"] = automatic
    mail.set_content(text, cte="quoted-printable")
    if button:
        html = _html(settings, (subject, heading, *paragraphs), button, language)
        mail.add_alternative(html, subtype="html", cte="quoted-printable")
    mail["Content-Language"] = language.tag  # RFC 3282
    return Message(
        envelope_from=on_the_wire(mailbox(settings.bounce_address or settings.sender)[1]),
        recipient=to,
        data=mail.as_bytes(),
        message_id=str(mail["Message-ID"]),
        smtputf8=not to.isascii(),
    )


def _pages(settings: Settings, language: Language) -> list[tuple[str, str]]:
    """Who publishes this: names and addresses of the pages that are set."""
    _ = language.text
    pages = [(_("Imprint"), settings.imprint_url), (_("Privacy"), settings.privacy_url)]
    return [(name, url) for name, url in pages if url]


def _html(settings: Settings, texts: Sequence[str], button: str, language: Language) -> str:
    """The same in the newsletter's look: subject, heading and paragraphs; the one that is a link is
    drawn as a button, and stands below it to be copied."""
    subject, heading, *paragraphs = texts
    link = next((one for one in paragraphs if one.startswith(("https://", "http://"))), "")
    return _template().render(
        settings=settings,
        subject=subject,
        heading=heading,
        paragraphs=paragraphs,
        pages=_pages(settings, language),
        by_hand=language.text(BY_HAND),
        link=link,
        button=button,
        language=language,
        look=looks.look(settings.accent, settings.font).values(),
    )


@lru_cache(maxsize=1)
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(resources.folder("templates") / "service"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    return environment.get_template("message.html")


def send(
    settings: Settings,
    message: Message,
    now: datetime,
    *,
    on_wire: Callable[[], None] = lambda: None,
) -> None:
    """Hand it over; NotTakenError when the relay did not take it, or did not say whether it did,
    TransportError when none can be used. ``on_wire`` is called right before what decides, such as
    the final dot; what it raises keeps the message from being sent. Two mails of one moment, such
    as those of a double click, have numbers of their own: the outbox names its files by them."""
    transport = registry.opener(settings, settings.outbox / FOLDER)(NoLimits())
    try:
        number = int(now.timestamp() * 1000) * 1000 + next(_NUMBERS) % 1000
        verdict = transport.offer(message, number=number)
        if verdict is None:
            on_wire()
            verdict = transport.commit()
    finally:
        transport.close()
    if verdict.kind != VerdictKind.ACCEPTED:
        why = f"{verdict.relay}: {verdict.kind}: {verdict.reply or 'no answer'}"
        raise NotTakenError(
            why,
            refused=verdict.kind == VerdictKind.REFUSED,
            doubtful=verdict.kind == VerdictKind.UNANSWERED,
        )
