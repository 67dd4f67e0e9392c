"""The API of Postmark: one message as a JSON document of its texts and header fields.

Postmark takes no finished message by HTTP: it makes one of these parts and signs that itself. Our
header fields go along, our Message-ID too (``X-PM-KeepID``); a DKIM signature, which would no
longer be good, does not. Sources: postmarkapp.com/developer, "Email API", "API error codes",
"Message streams API"; postmarkapp.com/support, "How do I keep my Message-ID?".
"""

import base64
import email
import json
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.message import EmailMessage
from typing import Any

from mailer.mime import return_path
from mailer.mime.message import Message
from mailer.relay.http.api import Answer, Request, Subject

_OWN = frozenset(
    {
        *("from", "to", "reply-to", "subject", "date", "return-path", "dkim-signature"),
        *("mime-version", "content-type", "content-transfer-encoding"),
    }
)
"""Fields that Postmark has places of its own for, or makes itself."""
_SUBJECTS = {
    10: Subject.CREDENTIALS,
    100: Subject.SERVICE,
    400: Subject.ACCOUNT,
    401: Subject.ACCOUNT,
    405: Subject.ACCOUNT,
    412: Subject.ACCOUNT,
    413: Subject.ACCOUNT,
    429: Subject.PACE,
    1235: Subject.ACCOUNT,
    1236: Subject.ACCOUNT,
}
"""By Postmark's error code: token, maintenance, sender signature unknown or unconfirmed, no more
credits, account not approved or not allowed to send so, pace, stream unknown or archived. What is
not here, such as an inactive recipient (406) or a field that is wrong (300), is about the
message."""


@dataclass(frozen=True)
class Postmark:
    """A server's token, and the message stream to send by. As ``http.api.Api``."""

    token: str = field(repr=False)
    stream: str

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.token,)

    def sending(self, message: Message, now: datetime) -> Request:
        parsed = email.message_from_bytes(message.data, policy=policy.default)
        headers = [
            {"Name": name, "Value": " ".join(str(value).split())}
            for name, value in parsed.items()
            if name.lower() not in _OWN
        ]
        document: dict[str, Any] = {
            "From": str(parsed["From"]),
            "To": message.recipient,
            "Subject": str(parsed["Subject"] or ""),
            "Headers": [*headers, {"Name": "X-PM-KeepID", "Value": "true"}],
            "MessageStream": self.stream,
            "TrackOpens": False,
            "TrackLinks": "None",
        }
        if parsed["Reply-To"]:
            document["ReplyTo"] = str(parsed["Reply-To"])
        for kind, name in (("plain", "TextBody"), ("html", "HtmlBody")):
            if (part := parsed.get_body((kind,))) is not None:
                document[name] = part.get_content()
        if attached := [_attachment(part) for part in parsed.iter_attachments()]:
            document["Attachments"] = attached
        if tags := return_path.tags(message.envelope_from):
            document["Metadata"] = {return_path.METADATA: tags[0]}
        body = json.dumps(document).encode("ascii")
        return Request("POST", "/email", self._fields("application/json"), body)

    def looking(self, now: datetime) -> Request:
        return Request("GET", f"/message-streams/{self.stream}", self._fields())

    def accepted(self, answer: Answer) -> str | None:
        identity, code = answer.document.get("MessageID"), answer.document.get("ErrorCode", 0)
        return identity if code == 0 and isinstance(identity, str) and identity else None

    def subject(self, answer: Answer) -> Subject | None:
        code = answer.document.get("ErrorCode")
        return _SUBJECTS.get(code) if isinstance(code, int) else None

    def words(self, answer: Answer) -> str:
        document = answer.document
        return f"{document.get('ErrorCode', '')} {document.get('Message') or ''}".strip()

    def seen(self, answer: Answer) -> str | None:
        if answer.status != 200 or answer.document.get("ID") != self.stream:
            return None
        if answer.document.get("ArchivedAt"):
            return None
        kind = answer.document.get("MessageStreamType")
        wrong = "" if kind in (None, "Broadcasts") else "; newsletters need a broadcast stream"
        return f"answers; stream {self.stream} is of type {kind}{wrong}"

    def _fields(self, content: str | None = None) -> dict[str, str]:
        fields = {"Accept": "application/json", "X-Postmark-Server-Token": self.token}
        return fields | ({"Content-Type": content} if content else {})


def _attachment(part: EmailMessage) -> dict[str, str]:
    """A part as Postmark takes it; a mail inside of the mail stays a file of its own."""
    kind = part.get_content_type()
    if kind == "message/rfc822":
        data = b"".join(inner.as_bytes() for inner in part.iter_parts())
    else:
        found = part.get_payload(decode=True)
        data = found if isinstance(found, bytes) else b""
    return {
        "Name": part.get_filename("attachment"),
        "Content": base64.b64encode(data).decode("ascii"),
        "ContentType": kind,
    }
