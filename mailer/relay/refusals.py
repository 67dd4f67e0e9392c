"""Whom a 5xx answer is about: the mailbox, this message, or us and our relay.

A dead mailbox is never mailed again; a refused message has failed; but a relay that will not work
for us as it is set up says so to every reader alike, and must cost none of them the issue. Where
the enhanced status code (RFC 3463, IANA registry) is missing or says nothing, the words decide.
Any word of policy weighs more than both: a block list must not make a living mailbox a dead one.

Sources of the words: what Postfix, Exim, sendmail, qmail and Exchange say by default; the pages on
SMTP errors of Gmail, Yahoo, Microsoft and Amazon SES. It reads one verdict and remembers nothing.
"""

import re
from dataclasses import replace
from typing import Literal

from mailer.relay.transport import Verdict, VerdictKind

Whom = Literal["mailbox", "message", "relay"]
DEAD_MAILBOX = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"})
"""The address itself is no good: it, its domain or the way there does not exist, or no more."""
UNSPECIFIC = frozenset({None, "5.0.0", "5.1.0", "5.2.0", "5.3.0", "5.5.0"})
"""Codes that leave it open; Microsoft and others give them with "user unknown"."""
RELAY_CODES = frozenset({530, 534, 535, 538})
"""Sign in, or encrypt, first (RFC 4954 section 6, RFC 3207 section 4)."""
RELAY_ENHANCED = frozenset({"5.1.7", "5.1.8"})
"""The sender's address is no good."""
MESSAGE_AT_MAIL = frozenset({"5.2.3", "5.3.4", "5.6.3", "5.6.7"})
"""What MAIL may say of one message: too large (RFC 1870), eight bits, an international address."""

_MAILBOX = re.compile(
    r"(user|recipient|mailbox|address(ee)?|account|alias|local part)\b.{0,80}"
    r"\b(unknown|not (found|known|exist|present)|(does not|doesn'?t) exist|no longer \w+|invalid"
    r"|inactive|disabled|deactivated|terminated|closed|unrouteable)\b"
    r"|\b(unknown|invalid|inactive|disabled|unrouteable|no such|not a valid|isn'?t a valid|bad)"
    r" ([\w-]+ )?(user|recipient|mailbox|address(ee)?|account|alias|local part|person)\b"
    r"|no mail ?box (here|by that name)|doesn'?t have an? .{1,60} account"
    r"|no one (here )?(with|by) that",
    re.IGNORECASE,
)
_POLICY = re.compile(
    r"spam|\bblock|black ?list|deny ?list|\brbl\b|dnsbl|reputation|polic(y|ies)|banned"
    r"|unsolicited|virus|malware|suspicious|\babus(e|ive)|complain|dmarc|\bspf\b|dkim|\brates?\b"
    r"|too (many|much)|access denied|quota|\bfull\b|too (large|big)|storage|content",
    re.IGNORECASE,
)
_RELAY = re.compile(
    r"relay(ing)?\b.{0,30}(denied|prohibited|not (permitted|allowed|authori[sz]ed))"
    r"|(cannot|unable to|do(es)? not|won'?t|not (permitted|allowed|authori[sz]ed) to) relay"
    r"|authentication (is )?(required|failed)|(must|need to) (be )?authenticate|not authenticated"
    r"|starttls (command )?(first|required|is required)|encryption (is )?required"
    r"|sender (address|identity|domain)\b.{0,80}(rejected|denied"
    r"|not (verified|owned|allowed|found))"
    r"|(email|from|mail from) address\b.{0,80}\bnot\b.{0,20}(verified|match|allowed|sender)"
    r"|not verified\b.{0,60}identit|(he|eh)lo command rejected|client host\b.{0,80}(reject|block)"
    r"|sending\b.{0,30}(suspended|paused|disabled)|your (account|domain|smtp)\b.{0,60}"
    r"(suspended|disabled|deactivated|blocked|not (active|allowed|authori[sz]ed))",
    re.IGNORECASE,
)


def about(verdict: Verdict) -> Whom | None:
    """Whom a refusal is about; None when it is no refusal."""
    if verdict.kind is not VerdictKind.REFUSED:
        return None
    words = verdict.reply or ""
    if _of_the_relay(verdict, words):
        return "relay"
    if not _POLICY.search(words) and _of_the_mailbox(verdict, words):
        return "mailbox"
    return "message"


def for_the_relay(verdict: Verdict) -> Verdict | None:
    """The same as a deferral when it is about our relay, which is not the reader's fault; else
    None."""
    return replace(verdict, kind=VerdictKind.DEFERRED) if about(verdict) == "relay" else None


def _of_the_relay(verdict: Verdict, words: str) -> bool:
    enhanced = verdict.enhanced
    if verdict.code in RELAY_CODES or enhanced in RELAY_ENHANCED:
        return True
    if verdict.command == "MAIL":  # nothing has been said of the recipient yet
        return verdict.code != 552 and enhanced not in MESSAGE_AT_MAIL
    if enhanced is not None and enhanced.startswith(("5.1.", "5.2.")):
        return False
    return verdict.command is not None and _RELAY.search(words) is not None


def _of_the_mailbox(verdict: Verdict, words: str) -> bool:
    if verdict.enhanced in DEAD_MAILBOX:
        return True
    # After the text a server may be speaking of anything; only its code counts then.
    return (
        verdict.command == "RCPT"
        and verdict.enhanced in UNSPECIFIC
        and _MAILBOX.search(words) is not None
    )
