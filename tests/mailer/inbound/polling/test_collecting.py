"""Mail is taken from a real server, each message once, and counts as handled when the next is asked
for."""

import imaplib
import ssl
from pathlib import Path

import pytest

from mailer.inbound.polling import collecting, mailbox_url
from mailer.inbound.polling.mailbox_url import MailboxUrl
from recommender.errors import ConfigurationError, MailboxError
from tests.mailer.dovecot import PASSWORD, USER, Dovecot

MESSAGES = [f"Subject: {n}\r\n\r\nbody {n}\r\n".encode() for n in range(5)]


def box(dovecot: Dovecot, scheme: str, path: str = "", options: str = "") -> MailboxUrl:
    [found] = mailbox_url.parse(dovecot.url(scheme, path, options))
    return found


def fill(dovecot: Dovecot) -> None:
    for number, message in enumerate(MESSAGES):
        dovecot.add(message, str(number))


def taken(mailbox: MailboxUrl, most: int = 99) -> list[bytes]:
    found: list[bytes] = []
    for message in collecting.collect(mailbox, timeout=10):
        found.append(message)
        if len(found) == most:
            break
    return found


@pytest.mark.parametrize("scheme", ["imaps", "imap", "pop3s", "pop3"])
def test_each_message_is_taken_once_over_tls(dovecot: Dovecot, scheme: str) -> None:
    fill(dovecot)
    mailbox = box(dovecot, scheme)
    assert "5" in collecting.check(mailbox, timeout=10)
    assert sorted(taken(mailbox)) == MESSAGES
    assert taken(mailbox) == []


@pytest.mark.parametrize("scheme", ["imaps", "pop3s"])
def test_what_was_not_handled_comes_again(dovecot: Dovecot, scheme: str) -> None:
    fill(dovecot)
    mailbox = box(dovecot, scheme)
    first = taken(mailbox, most=2)
    again = taken(mailbox)
    assert first[1] in again
    assert sorted({*first, *again}) == MESSAGES


@pytest.mark.parametrize(("after", "left"), [("seen", 5), ("delete", 0), ("Done", 0)])
def test_what_was_handled_is_marked_deleted_or_moved(
    dovecot: Dovecot, after: str, left: int
) -> None:
    fill(dovecot)
    with imaplib.IMAP4("127.0.0.1", dovecot.ports["imap"]) as client:
        client.authenticate("PLAIN", lambda _: f"\0{USER}\0{PASSWORD}".encode())
        client.create("Done")
        mailbox = box(dovecot, "imaps", "INBOX", f"&after={after}")
        assert len(taken(mailbox)) == 5
        assert client.select("INBOX")[1] == [str(left).encode()]
        assert client.select("Done")[1] == [b"5" if after == "Done" else b"0"]


def test_trouble_is_named_without_the_password(dovecot: Dovecot) -> None:
    good = dovecot.url("imaps")
    for url, why in (
        (good.replace("%40example", "%40nowhere"), "[Aa]uth"),
        (good.replace("/?", "/No%20Such?"), "SELECT NO"),
        (good.partition("?")[0], "certificate"),
        (f"imaps://{USER.replace('@', '%40')}:secret@127.0.0.1:9/INBOX", "refused"),
    ):
        [mailbox] = mailbox_url.parse(url)
        with pytest.raises(MailboxError, match=why) as error:
            taken(mailbox)
        assert "secret" not in str(error.value)
        assert PASSWORD not in str(error.value)
    [mailbox] = mailbox_url.parse(good.partition("?")[0] + "?cafile=/nonexistent")
    with pytest.raises(ConfigurationError, match="no file of certificates"):
        taken(mailbox)


def test_a_maildir_is_read_and_checked(tmp_path: Path) -> None:
    [mailbox] = mailbox_url.parse(str(tmp_path))
    with pytest.raises(MailboxError, match="is not a Maildir"):
        collecting.check(mailbox, timeout=1)
    for folder in ("cur", "new", "tmp"):
        (tmp_path / folder).mkdir()
    (tmp_path / "new" / "1").write_bytes(MESSAGES[0])
    assert "new messages: 1" in collecting.check(mailbox, timeout=1)
    assert taken(mailbox) == MESSAGES[:1]


def test_the_server_is_believed_by_its_certificate_only(
    certificates: tuple[ssl.SSLContext, Path],
) -> None:
    [mailbox] = mailbox_url.parse(f"imaps://u:p@h/INBOX?cafile={certificates[1]}")
    assert mailbox.context().verify_mode == ssl.CERT_REQUIRED
