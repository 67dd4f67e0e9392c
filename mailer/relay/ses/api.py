"""The API of Amazon SES, version 2: SendEmail with the whole message as raw content.

Sources: docs.aws.amazon.com/ses/latest/APIReference-V2 (API_SendEmail, API_GetAccount,
CommonErrors), and "SES API errors" in its developer guide.
"""

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailer.mime import return_path
from mailer.mime.message import Message
from mailer.relay.http.api import Answer, Request, Subject
from mailer.relay.ses.signature import Signer

SEND = "/v2/email/outbound-emails"
ACCOUNT = "/v2/email/account"
_SUBJECTS = {
    "TooManyRequestsException": Subject.PACE,
    "ThrottlingException": Subject.PACE,
    "Throttling": Subject.PACE,
    "LimitExceededException": Subject.PACE,
    "AccountSuspendedException": Subject.ACCOUNT,
    "SendingPausedException": Subject.ACCOUNT,
    "MailFromDomainNotVerifiedException": Subject.ACCOUNT,
    "NotFoundException": Subject.ACCOUNT,
    "RequestExpired": Subject.CREDENTIALS,
    "ExpiredTokenException": Subject.CREDENTIALS,
}
"""By the name of the error. ``MessageRejected`` says in its words whether it is about the sender
(``refusals`` reads them) or the message."""


@dataclass(frozen=True)
class Ses:
    """An access key for one region; ``host`` is the Host field, ``configuration`` the name of a
    configuration set. As ``http.api.Api``."""

    signer: Signer
    host: str
    configuration: str | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.signer.key, self.signer.secret)

    def sending(self, message: Message, now: datetime) -> Request:
        """Bounces that SES forwards by mail go to the return path, as with SMTP. It may be asked
        for by a tag only where the path has one."""
        document: dict[str, Any] = {
            "Destination": {"ToAddresses": [message.recipient]},
            "FeedbackForwardingEmailAddress": message.envelope_from,
            "Content": {"Raw": {"Data": base64.b64encode(message.data).decode("ascii")}},
        }
        if self.configuration is not None:
            document["ConfigurationSetName"] = self.configuration
        if tags := return_path.tags(message.envelope_from):
            document["EmailTags"] = [{"Name": return_path.METADATA, "Value": tags[0]}]
        body = json.dumps(document).encode("ascii")
        fields = {"Content-Type": "application/json"}
        return self.signer.signed(Request("POST", SEND, fields, body), self.host, now)

    def looking(self, now: datetime) -> Request:
        return self.signer.signed(Request("GET", ACCOUNT, {}), self.host, now)

    def accepted(self, answer: Answer) -> str | None:
        identity = answer.document.get("MessageId")
        return identity if isinstance(identity, str) and identity else None

    def subject(self, answer: Answer) -> Subject | None:
        return _SUBJECTS.get(_name(answer))

    def words(self, answer: Answer) -> str:
        document = answer.document
        words = document.get("message") or document.get("Message") or ""
        return f"{_name(answer)}: {words}".strip(": ") if words or _name(answer) else ""

    def seen(self, answer: Answer) -> str | None:
        """A key that may send and no more is told that it may not look, which proves it."""
        if answer.status == 403 and _name(answer) == "AccessDeniedException":
            return "answers; the key may not look at the account (ses:GetAccount)"
        if answer.status != 200:
            return None
        document = answer.document
        if document.get("SendingEnabled") is False:
            return None
        quota = document.get("SendQuota")
        quota = quota if isinstance(quota, dict) else {}
        limits = f"{quota.get('MaxSendRate')} a second, {quota.get('Max24HourSend')} in 24 hours"
        where = "" if document.get("ProductionAccessEnabled") else "; still in the sandbox"
        return f"answers; it takes {limits}{where}" if quota else f"answers{where}"


def _name(answer: Answer) -> str:
    """The error's name: ``BadRequestException`` of ``…#BadRequestException:http://…``."""
    given = answer.fields.get("x-amzn-errortype") or answer.document.get("__type")
    given = given or answer.document.get("code") or ""
    return str(given).partition(":")[0].rpartition("#")[2][:100]
