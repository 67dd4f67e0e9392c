"""Complaints: feedback reports (ARF, RFC 5965), and those of Outlook.com, which return the message
with a header of their own (Junk Mail Reporting Program)."""

from collections.abc import Sequence

from mailer.inbound.mime_parts import Part, fields
from mailer.inbound.notification import Notification

REPORT = "message/feedback-report"
COMPLAINTS = frozenset({"abuse", "fraud"})
"""Kinds of feedback that are a reader's (RFC 5965 section 7.3). The others are a machine's, or take
a complaint back."""
_OUTLOOK = "x-hmxmroriginalrecipient"


def parse(parts: Sequence[Part]) -> Notification | None:
    """The complaint in a message that was taken apart (``mime_parts``), if it is one."""
    for part in parts:
        if part.kind == REPORT:
            return _complaint(part)
        if part.returned and (recipient := part.value(_OUTLOOK)):
            return Notification("complaint", None, "abuse", recipient=recipient)
    return None


def _complaint(part: Part) -> Notification | None:
    """``not-spam`` takes a complaint back; a reader who complained has left all the same."""
    values = dict(reversed(fields(part.body)))
    kind = values.get("feedback-type", "").lower()
    if kind not in COMPLAINTS:
        return None
    recipient = values.get("original-rcpt-to", values.get("removal-recipient", ""))
    return Notification("complaint", None, kind, recipient=recipient)
