"""Bounces and complaints, from the mail that came back to the reader's status."""

import json
import mailbox
import re
from pathlib import Path
from typing import Any

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
    expected = {"read": 5, "recognised": 3, "hard": 1, "soft": 1, "complaints": 1, "ignored": 2}
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
    assert out == "1 read: 1 hard, 0 soft, 0 complaints, 0 ignored\n"


def test_a_path_that_is_not_there_is_named(newsletter: Run) -> None:
    code, _, err = newsletter("bounces", "import", "nowhere.mbox")
    assert (code, err) == (1, "error: nowhere.mbox: no such file or folder\n")
