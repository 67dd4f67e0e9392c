"""URLs of mailboxes: what they name, what they refuse, and that they never tell a password."""

import re
from pathlib import Path

import pytest

from mailer.inbound.polling import mailbox_url
from recommender.errors import ConfigurationError


def test_several_mailboxes_of_every_kind_are_named() -> None:
    text = (
        "imaps://bounces%40example.org:p%2Cw@mail.example.org/Mail/Bounces?after=Done, "
        "pop3s://u:p@pop.example.org, /var/mail/bounces,maildir:///srv/x"
    )
    imap, pop3, plain, maildir = mailbox_url.parse(text)
    assert (imap.host, imap.port, imap.folder, imap.after) == (
        "mail.example.org", 993, "Mail/Bounces", "Done",
    )  # fmt: skip
    assert (imap.user, imap.secret()) == ("bounces@example.org", "p,w")
    assert (pop3.scheme, pop3.port, pop3.folder) == ("pop3", 995, "")
    assert (plain.folder, maildir.folder) == ("/var/mail/bounces", "/srv/x")
    assert "p,w" not in repr((imap, pop3)) + imap.name


def test_a_token_is_read_anew_each_time(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("one\n")
    [found] = mailbox_url.parse(f"imaps://u@h/INBOX?auth=xoauth2&tokenfile={file}")
    assert found.secret() == "one"
    file.write_text("two\n")
    assert found.secret() == "two"
    file.unlink()
    with pytest.raises(ConfigurationError, match="No such file"):
        found.secret()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("imaps://host/INBOX", "is not imaps://"),
        ("http://u:hunter2@host/", "is not imaps://"),
        ("imaps://u@host/INBOX", "names no password"),
        ("imaps://u:hunter2@host/INBOX?colour=red", "the only options are"),
        ("imap://u:hunter2@host/INBOX?starttls=never", "in the clear"),
        ("imap://u:hunter2@host/INBOX?starttls=maybe", "the only options are"),
        ("pop3s://u:hunter2@host/INBOX", "POP3 has one folder"),
        ("imaps://u:hunter2@ho st:x/INBOX", "is not imaps://"),
    ],
)
def test_what_cannot_be_is_refused_without_a_word_of_the_password(text: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(why)) as error:
        mailbox_url.parse(text)
    assert "bounce_mailbox: mailbox 1" in str(error.value)
    assert "hunter2" not in str(error.value)
