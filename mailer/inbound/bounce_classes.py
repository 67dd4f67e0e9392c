"""Classifies a bounce as hard or soft, as the same reply at RCPT would be (``refusals``): by its
enhanced status code, then its reply code; where both say only "permanent", by the words."""

import re

from mailer.inbound import failure_words
from mailer.inbound.notification import LONGEST_WORDS, Notification
from mailer.relay import refusals
from mailer.relay.refusals import FailureClass
from mailer.relay.smtp.connection import enhanced_code
from mailer.relay.transport import Verdict, VerdictKind

_REPLY = re.compile(r"(?<![\d.])([45]\d\d)(?:[ -]|$)(.*)", re.DOTALL)
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


_OPEN = frozenset({None, "5.0.0", "5.1.0", "5.2.0", "5.3.0", "5.4.0", "5.5.0", "5.9.9"})
"""Codes that say that a failure is final and nothing else."""

_NO_SUCH_MAILBOX = re.compile("requested action not taken: mailbox unavailable", re.IGNORECASE)
"""RFC 5321 section 4.2.3 lets 550 say this of a mailbox that does not exist and of one that is not
to be reached; Outlook.com and others say nothing else of the former."""


def classify(status: str, words: str, *, failed: bool, text: str = "") -> Notification:
    """The bounce with this status code (RFC 3463) and these words of the server, in a notice that
    says ``text`` besides; ``failed`` is False while delivery is only delayed. A code in the words,
    more specific, counts more."""
    reply = _REPLY.search(words)
    code = int(reply[1]) if reply else 550 if status.startswith("5") else 450
    given = status if _STATUS.fullmatch(status) else None
    enhanced = (enhanced_code(code, reply[2].strip()) if reply else None) or given
    shown = words[:LONGEST_WORDS] or f"{'failed' if failed else 'delayed'} {status}".strip()
    if not failed:
        return Notification("soft", enhanced, shown)
    about = _about(Verdict(VerdictKind.REFUSED, "", code, enhanced, words, "RCPT"), text)
    dead = about in ("mailbox", "suspected")
    return Notification("hard" if dead else "soft", enhanced, shown, about)


def is_open(status: str, words: str) -> bool:
    """Whether neither the code nor the words say what the failure is about."""
    if _REPLY.search(words) or failure_words.tell(words):
        return False
    return status in _OPEN or _STATUS.fullmatch(status) is None


def _about(verdict: Verdict, text: str) -> FailureClass | None:
    if (verdict.enhanced or "5")[0] == "4":
        return refusals.classify_exhausted(verdict)
    about = refusals.classify(verdict)
    if _NO_SUCH_MAILBOX.search(verdict.reply or "") and verdict.code in (0, 550):
        return "suspected"
    if about != "message" or verdict.enhanced not in _OPEN:
        return about
    words = verdict.reply or ""
    return failure_words.classify(words if failure_words.tell(words) else f"{words}\n{text}")
