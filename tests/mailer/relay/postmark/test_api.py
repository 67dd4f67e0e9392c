"""Postmark: our texts and fields as JSON, and errors by their codes."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailer.mime import message as mime
from mailer.mime import return_path
from mailer.mime.message import Identity
from mailer.relay import refusals
from mailer.relay.http import api as apis
from mailer.relay.http.api import Answer
from mailer.relay.postmark.api import Postmark
from mailer.relay.transport import VerdictKind
from mailer.service import answers
from recommender.settings import Settings

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
API = Postmark("token-token", "broadcast")
IDENTITY = Identity(
    from_name="Jörg, & the “Weekly”",
    from_address="news@example.org",
    reply_to="answers@example.org",
    envelope_from="bounces@example.org",
    list_id="weekly.example.org",
    list_name="Weekly",
    edition="weekly-2026-W48",
    secret=b"s",
    verp=True,
    unsubscribe_address="leave@example.org",
)
UNSUBSCRIBE = "https://example.org/unsubscribe/" + "t" * 80


def test_texts_and_our_fields_go_along() -> None:
    message = mime.build(
        IDENTITY,
        delivery_id=7,
        recipient="r@example.com",
        subject="Grüße — a long subject that is encoded in more than one piece, since it is long",
        html="<p>Grüße</p>\n" + "x" * 2_000,
        text="Grüße\n.dot",
        unsubscribe_url=UNSUBSCRIBE,
        now=NOW,
    )
    document = json.loads(API.sending(message, NOW).body)
    fields = {one["Name"]: one["Value"] for one in document["Headers"]}
    assert document["From"] == '"Jörg, & the “Weekly”" <news@example.org>'
    assert (document["To"], document["ReplyTo"]) == ("r@example.com", "answers@example.org")
    assert document["Subject"].startswith("Grüße — a long subject that is encoded in more than one")
    assert document["TextBody"].splitlines() == ["Grüße", ".dot"]
    assert document["HtmlBody"].splitlines()[0] == "<p>Grüße</p>"
    assert document["MessageStream"] == "broadcast"
    assert (document["TrackOpens"], document["TrackLinks"]) == (False, "None")
    assert fields["List-Unsubscribe"].startswith(f"<{UNSUBSCRIBE}>, <mailto:leave@example.org?")
    assert fields["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert fields["List-Id"] == "Weekly <weekly.example.org>"
    assert fields["Feedback-ID"].startswith("weekly-2026-W48:")
    assert fields["Message-ID"] == message.message_id
    assert fields["X-PM-KeepID"] == "true"
    assert not {"From", "To", "Subject", "MIME-Version", "Content-Type"} & set(fields)
    assert return_path.copy_of(document["Metadata"]["copy"], [b"s"]) == 7


@pytest.mark.parametrize("letter", ["Subject: hi\r\n\r\nhello\r\n", "Subject: hi\n\ngrüße\n"])
def test_a_letter_that_is_forwarded_goes_along(tmp_path: Path, letter: str) -> None:
    file = tmp_path / "letter.eml"
    file.write_bytes(letter.encode())
    settings = Settings(sender="n@example.org", forward_replies_to="desk@example.org")
    message = answers.forwarded(settings, file, NOW)
    assert message is not None
    document = json.loads(API.sending(message, NOW).body)
    [attached] = document["Attachments"]
    assert attached["Name"] == "letter.eml"
    content = base64.b64decode(attached["Content"]).replace(b"\r\n", b"\n")
    assert content == letter.replace("\r\n", "\n").encode()
    assert "Kept in" in document["TextBody"]


@pytest.mark.parametrize(
    ("status", "code", "words", "about"),
    [
        (401, 10, "Bad or missing server or user API token.", "relay"),
        (422, 400, "The sender signature was not found.", "relay"),
        (422, 405, "Not allowed to send.", "relay"),
        (422, 412, "Your account is pending approval.", "relay"),
        (422, 1235, "The message stream was not found.", "relay"),
        (422, 300, "Invalid 'To' address: 'x'.", "message"),
        (
            422,
            406,
            "You tried to send to recipient(s) that have been marked as inactive. Inactive "
            "recipients are ones that have generated a hard bounce, a spam complaint, or a manual "
            "suppression.",
            "message",
        ),
    ],
)
def test_errors_are_told_by_their_codes(status: int, code: int, words: str, about: str) -> None:
    body = json.dumps({"ErrorCode": code, "Message": words}).encode()
    verdict = apis.verdict(API, Answer(status, {}, body), "postmark")
    assert (verdict.kind, refusals.classify(verdict)) == (VerdictKind.REFUSED, about)
    assert (verdict.reply or "").startswith(f"HTTP {status} {code} {words[:30]}")


def test_a_success_with_an_error_code_is_none() -> None:
    body = b'{"ErrorCode": 406, "MessageID": "1"}'
    assert API.accepted(Answer(200, {}, body)) is None


def test_a_stream_of_the_wrong_kind_is_said() -> None:
    body = b'{"ID": "broadcast", "MessageStreamType": "Transactional"}'
    assert "newsletters need a broadcast stream" in (API.seen(Answer(200, {}, body)) or "")
    gone = b'{"ID": "broadcast", "ArchivedAt": "2026-01-01"}'
    assert API.seen(Answer(200, {}, gone)) is None
