"""What a server's answer says about speed: the relay, or the recipient's provider, wants less.

Sources of the words: the pages on SMTP errors of Gmail (4.7.28), Yahoo (TSS04) and Microsoft
(4.7.650, RP-001), Amazon SES (454 Throttling failure), SendGrid (too frequent sends), Postfix's
anvil (too much mail). It reads one verdict and remembers nothing.
"""

import re
from typing import Literal

from mailer.relay.transport import Verdict, VerdictKind

Who = Literal["relay", "domain"]
_LESS = re.compile(
    r"\brates?\b|throttl|too (many|much|fast|frequent|quickly)|slow(ing)? down|unusual"
    r"|try (again )?later|temporarily (deferred|rate|blocked)|exceed|quota|\[TSS?\d\d\]|RP-00\d",
    re.IGNORECASE,
)
_RELAY = re.compile(
    r"throttl|sending rate|quota|credits|too (frequent|much mail)"
    r"|(hourly|daily|account).{0,20}limit",
    re.IGNORECASE,
)
_ONE_MAILBOX = ("4.1.", "4.2.")
"""Enhanced codes about one address or mailbox (RFC 3463): full, or receiving too much by itself."""
_GREYLIST = re.compile(r"gr[ea]y-?list", re.IGNORECASE)


def asked_by(verdict: Verdict) -> Who | None:
    """Who asks for less with this answer; None when nobody does.

    Greylisting is meant for one message and asks for patience, not for less. An answer to MAIL is
    about the sender, so it is the relay's; one to RCPT is about the recipient.
    """
    enhanced, words = verdict.enhanced or "", verdict.reply or ""
    if verdict.kind is not VerdictKind.DEFERRED or verdict.code is None:
        return None
    if enhanced.startswith(_ONE_MAILBOX) or _GREYLIST.search(words):
        return None
    if verdict.code != 421 and not enhanced.startswith("4.7.") and not _LESS.search(words):
        return None
    if verdict.command == "MAIL":
        return "relay"
    if verdict.command == "RCPT":
        return "domain"
    return "relay" if _RELAY.search(words) else "domain"
