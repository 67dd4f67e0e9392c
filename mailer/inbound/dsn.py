"""Bounces in the form meant for machines: delivery status notifications (RFC 3464, 6533)."""

from collections.abc import Sequence
from dataclasses import replace

from mailer.inbound import arf
from mailer.inbound.bounce_classes import classify
from mailer.inbound.mime_parts import Part, fields
from mailer.inbound.notification import Notification
from mailer.mime.headers import plain

STATUS = frozenset({"message/delivery-status", "message/global-delivery-status"})
MOST_BLOCKS = 50
LONGEST_DIAGNOSTIC = 4_000


def parse(parts: Sequence[Part]) -> Notification | None:
    """The bounce in a message that was taken apart (``mime_parts``), if it is one; what follows a
    feedback report belongs to that."""
    for part in parts:
        if part.kind == arf.REPORT:
            return None
        if part.kind in STATUS and (bounce := _bounce(part.text)) is not None:
            return bounce
    return None


def _bounce(text: str) -> Notification | None:
    """The first recipient that failed or is delayed; each of our messages has one."""
    for block in text.replace("\r\n", "\n").split("\n\n", MOST_BLOCKS)[:MOST_BLOCKS]:
        values = dict(reversed(fields(block.encode())))
        action = values.get("action", "").lower()
        if not action.startswith(("fail", "delay")):
            continue
        status = values.get("status", "").split(" ")[0]
        kind, _, words = values.get("diagnostic-code", "").partition(";")
        recipient = values.get("final-recipient", values.get("original-recipient", ""))
        text = plain((words or kind)[:LONGEST_DIAGNOSTIC])
        bounce = classify(status, text, failed=action.startswith("fail"))
        return replace(bounce, recipient=recipient.rpartition(";")[2].strip())
    return None
