"""The API of Mailgun: ``messages.mime``, which takes a finished message.

Sources: documentation.mailgun.com, "Send an email in MIME format", "Error codes", "API keys".
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mailer.mime import return_path
from mailer.mime.message import Message
from mailer.relay.http.api import Answer, Request, Subject


@dataclass(frozen=True)
class Mailgun:
    """An API key, which may be one that can only send for ``domain``. As ``http.api.Api``."""

    key: str = field(repr=False)
    domain: str

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.key, self._login)

    def sending(self, message: Message, now: datetime) -> Request:
        fields = {"to": message.recipient, "o:tracking": "no"}
        if tags := return_path.tags(message.envelope_from):
            fields[f"v:{return_path.METADATA}"] = tags[0]
        return self._request(fields, message.data)

    def looking(self, now: datetime) -> Request:
        """A message to nobody: a key that may only send can do nothing else."""
        return self._request({"o:testmode": "yes"}, None)

    def accepted(self, answer: Answer) -> str | None:
        identity = answer.document.get("id")
        return identity if isinstance(identity, str) and identity else None

    def subject(self, answer: Answer) -> Subject | None:
        """A 403 is about the domain or the account, since the key was known."""
        return Subject.ACCOUNT if answer.status == 403 else None

    def words(self, answer: Answer) -> str:
        return str(answer.document.get("message") or "")

    def seen(self, answer: Answer) -> str | None:
        return f"answers; the key may send for {self.domain}" if answer.status == 400 else None

    @property
    def _login(self) -> str:
        return base64.b64encode(f"api:{self.key}".encode()).decode("ascii")

    def _request(self, fields: Mapping[str, str], data: bytes | None) -> Request:
        """A form of RFC 7578. Nothing in it can hold the boundary, which is its own digest."""
        digest = hashlib.sha256(repr(sorted(fields.items())).encode() + (data or b"")).hexdigest()
        boundary = digest[:40]
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
            + value.encode()
            + b"\r\n"
            for name, value in fields.items()
        ]
        if data is not None:
            head = (
                f'--{boundary}\r\nContent-Disposition: form-data; name="message"; '
                'filename="message.eml"\r\nContent-Type: message/rfc822\r\n\r\n'
            )
            parts.append(head.encode() + data + b"\r\n")
        body = b"".join(parts) + f"--{boundary}--\r\n".encode()
        headers = {
            "Authorization": f"Basic {self._login}",
            "Content-Type": f"multipart/form-data; boundary={boundary}",
        }
        return Request("POST", f"/v3/{self.domain}/messages.mime", headers, body)
