"""Classifies a bounce as hard or soft, as the same reply at RCPT would be (``refusals``)."""

import re

from mailer.inbound.notification import LONGEST_WORDS, Notification
from mailer.relay import refusals
from mailer.relay.smtp.connection import enhanced_code
from mailer.relay.transport import Verdict, VerdictKind

_REPLY = re.compile(r"(?<![\d.])([45]\d\d)(?:[ -]|$)(.*)", re.DOTALL)
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


def classify(status: str, words: str, *, failed: bool) -> Notification:
    """The bounce with this status code (RFC 3463) and these words of the server; ``failed`` is
    False while delivery is only delayed. A code in the words, more specific, counts more."""
    reply = _REPLY.search(words)
    code = int(reply[1]) if reply else 550 if status.startswith("5") else 450
    given = status if _STATUS.fullmatch(status) else None
    enhanced = (enhanced_code(code, reply[2].strip()) if reply else None) or given
    verdict = Verdict(VerdictKind.REFUSED, "", code, enhanced, words, "RCPT")
    about = refusals.at_last(verdict) if (enhanced or "5")[0] == "4" else refusals.about(verdict)
    text = words[:LONGEST_WORDS] or f"{'failed' if failed else 'delayed'} {status}".strip()
    if not failed:
        return Notification("soft", enhanced, text)
    dead = about in ("mailbox", "suspected")
    return Notification("hard" if dead else "soft", enhanced, text, about)
