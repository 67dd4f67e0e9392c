"""What is new in a mailbox of any kind, message by message. One that is handed out counts as
handled when the next is asked for."""

from collections.abc import Iterator
from pathlib import Path

from mailer.inbound import mailboxes
from mailer.inbound.polling import imap, pop3
from mailer.inbound.polling.mailbox_url import MailboxUrl
from recommender.errors import MailboxError

SECONDS = 120.0
"""For how long one mailbox is read at a time; then it is another's turn."""


def collect(mailbox: MailboxUrl, *, timeout: float, seconds: float = SECONDS) -> Iterator[bytes]:
    """What is new in it. MailboxError, in which there is no password, says what is wrong."""
    if mailbox.scheme == "maildir":
        return mailboxes.collect(Path(mailbox.folder))
    ask = imap.collect if mailbox.scheme == "imap" else pop3.collect
    return ask(mailbox, timeout=timeout, seconds=seconds)


def check(mailbox: MailboxUrl, *, timeout: float) -> str:
    """Whether it can be read, in one sentence; MailboxError says why not."""
    if mailbox.scheme == "maildir":
        folder = Path(mailbox.folder)
        if not mailboxes.is_maildir(folder):
            raise MailboxError(f"{folder} is not a Maildir (a folder with cur, new and tmp)")
        new = sum(1 for _ in (folder / "new").iterdir())
        return f"{folder} is a Maildir; new messages: {new}"
    ask = imap.check if mailbox.scheme == "imap" else pop3.check
    return ask(mailbox, timeout=timeout)


def named(mailbox: str, problem: str) -> str:
    """What is wrong with a mailbox, with its name, which some say themselves."""
    return problem if problem.startswith(mailbox) else f"{mailbox}: {problem}"
