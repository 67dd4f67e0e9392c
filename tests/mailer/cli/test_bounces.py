"""Bounces and complaints, from the mail that came back to the reader's status."""

import json
import mailbox
import re
from pathlib import Path
from typing import Any

from mailer.inbound import formats
from mailer.inbound.notification import Notification

from .conftest import Run

REPORT = """\
From: MAILER-DAEMON@mx.example.net
Content-Type: multipart/report; report-type={report}; boundary="b"

--b
Content-Type: message/{part}

{fields}

--b
Content-Type: text/rfc822-headers

Message-ID: {message_id}

--b--
"""
GONE = "Reporting-MTA: dns; mx\n\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no user"
FULL = "Reporting-MTA: dns; mx\n\nAction: failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 552 full"
ABUSE = "Feedback-Type: abuse\nVersion: 1"


def bounce(message_id: str, fields: str = GONE) -> bytes:
    complaint = fields == ABUSE
    report = "feedback-report" if complaint else "delivery-status"
    return REPORT.format(report=report, part=report, fields=fields, message_id=message_id).encode()


def sent(newsletter: Run) -> list[tuple[str, str]]:
    """Addresses and Message-IDs of an edition that was sent to the outbox."""
    newsletter("editions", "send")
    found = []
    for file in sorted(Path("outbox").rglob("*.eml")):
        text = file.read_text("utf-8")
        [address] = re.findall(r"^To: <?([^>\r\n]+)>?", text, re.MULTILINE)
        [message_id] = re.findall(r"^Message-ID: (\S+)", text, re.MULTILINE)
        found.append((address, message_id))
    return found


def status(newsletter: Run, address: str) -> str:
    _, out, _ = newsletter("subscribers", "show", address, "--json")
    return str(json.loads(out)["status"])


def counts(out: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
    return document


def test_what_came_back_is_taken_to_heart_once(newsletter: Run) -> None:
    (gone, one), (full, two), (angry, three), (other, four), *_ = sent(newsletter)
    box = mailbox.mbox("returned.mbox")
    box.add(bounce(one))
    box.add(bounce(two, FULL))
    box.close()
    folder = Path("came-back")
    folder.mkdir()
    (folder / "complaint.eml").write_bytes(bounce(three, ABUSE))
    forged = re.sub(r"\.[0-9a-f]{20}@", f".{'0' * 20}@", four)
    (folder / "forged.eml").write_bytes(bounce(forged))
    (folder / "holiday.eml").write_bytes(b"Subject: away\n\nback on Monday\n")
    expected = {
        "read": 5,
        "recognised": 4,
        "hard": 2,
        "soft": 1,
        "complaints": 1,
        "replies": 0,
        "ignored": 1,
        "matched": 3,
    }
    for _ in range(2):
        code, out, _ = newsletter("bounces", "import", "returned.mbox", "came-back", "--json")
        assert (code, counts(out)) == (0, expected)
        states = [status(newsletter, address) for address in (gone, full, angry, other)]
        assert states == ["bounced", "active", "complained", "active"]


def test_a_maildir_is_polled_and_each_message_read_once(newsletter: Run, monkeypatch: Any) -> None:
    (gone, one), *_ = sent(newsletter)
    box = mailbox.Maildir("bounces")
    box.add(bounce(one))
    code, _, err = newsletter("bounces", "poll")
    assert (code, err.startswith("error: bounce_mailbox: ")) == (1, True)
    monkeypatch.setenv("NEWSLETTER_BOUNCE_MAILBOX", "bounces")
    _, out, _ = newsletter("bounces", "poll", "--json")
    assert counts(out)["hard"] == 1
    assert status(newsletter, gone) == "bounced"
    _, out, _ = newsletter("bounces", "poll", "--json")
    assert counts(out)["read"] == 0
    _, out, _ = newsletter("bounces", "import", "bounces")
    assert out == "1 read: 1 hard, 0 soft, 0 complaints, 0 replies, 0 ignored; 1 matched\n"


def test_a_path_that_is_not_there_is_named(newsletter: Run) -> None:
    code, _, err = newsletter("bounces", "import", "nowhere.mbox")
    assert (code, err) == (1, "error: nowhere.mbox: no such file or folder\n")


def test_a_copy_is_known_by_its_way_out_where_the_relay_set_the_message_id_anew(
    newsletter: Run,
) -> None:
    (gone, _), (other, _), *_ = sent(newsletter)
    files = sorted(Path("outbox").rglob("*.eml"))
    ways = [
        re.findall(r"(?m)^(List-Unsubscribe: \S+)", file.read_text("utf-8"))[0] for file in files
    ]
    Path("a.eml").write_bytes(bounce(f"<0102@relay.example.net>\n{ways[0]}"))
    forged = ways[1][:-3] + ("AA>" if ways[1][-3:] != "AA>" else "BB>")
    Path("b.eml").write_bytes(bounce(f"<0103@relay.example.net>\n{forged}"))
    _, out, _ = newsletter("bounces", "import", "a.eml", "b.eml", "--json")
    assert (counts(out)["hard"], counts(out)["matched"]) == (2, 1)
    assert [status(newsletter, address) for address in (gone, other)] == ["bounced", "active"]


def test_one_poisonous_message_is_set_aside_and_never_in_front_of_the_queue(
    newsletter: Run, monkeypatch: Any
) -> None:
    (gone, one), *_ = sent(newsletter)
    box = mailbox.Maildir("bounces")
    monkeypatch.setenv("NEWSLETTER_BOUNCE_MAILBOX", "bounces")
    box.add(b"X-Poison: 1\n\n")
    box.add(b"Content-Type: message/rfc822\n\n" * 5_000)
    box.add(bounce(one))
    parse = formats.parse

    def choking(data: bytes) -> Notification | None:
        if b"X-Poison" in data:
            raise RecursionError
        return parse(data)

    monkeypatch.setattr(formats, "parse", choking)
    code, out, err = newsletter("bounces", "poll", "--json")
    assert (code, counts(out)["hard"], counts(out)["ignored"]) == (0, 1, 2)
    assert "set aside" in err
    [kept] = Path("quarantine").iterdir()
    assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert (status(newsletter, gone), list(Path("bounces/new").iterdir())) == ("bounced", [])


def test_a_look_at_messages_needs_no_store_and_does_nothing(newsletter: Run) -> None:
    Path("a.eml").write_bytes(bounce("<1@example.net>"))
    code, out, _ = newsletter("bounces", "inspect", "a.eml")
    assert (code, out) == (0, "a.eml  hard  5.1.1  -  550 no user\n")
    _, out, _ = newsletter("bounces", "inspect", "a.eml", "--json")
    assert (counts(out)["recognised"], counts(out)["matched"]) == (1, 0)
