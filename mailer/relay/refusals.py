"""Classifies permanent SMTP failures and bounces: mailbox, message, or relay.

A dead mailbox is never mailed again; a refused message has failed; but a relay that will not work
for us as it is set up says so to every reader alike, and must cost none of them the issue. Where
the enhanced status code (RFC 3463, IANA registry) is missing, says nothing or is one of policy, the
words decide. Any word of policy weighs more than both: a block list must not make a living mailbox
a dead one. Some servers, however, know no other words for a mailbox that does not exist; those make
it ``suspected``. Trouble that may pass, with the mailbox or its domain, makes it ``unreached``.

Sources of the words: what Postfix, Exim, sendmail, qmail and Exchange say by default; the pages on
SMTP errors of Gmail, Yahoo, Microsoft and Amazon SES. It reads one verdict and remembers nothing.
"""

import re
from dataclasses import replace
from typing import Literal

from mailer.relay.transport import Verdict, VerdictKind

FailureClass = Literal["mailbox", "suspected", "unreached", "message", "relay"]
DEAD_MAILBOX = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.1.351", "5.2.1"})
"""The address itself is no good: it or its domain does not exist, or no more."""
UNSPECIFIC = frozenset({None, "5.0.0", "5.1.0", "5.2.0", "5.3.0", "5.5.0", "5.7.0", "5.7.1"})
"""Codes that leave it open; Microsoft and others give them with "user unknown"."""
UNREACHED = frozenset({"2.2", "3.1", "3.2", "4.0", "4.1", "4.2", "4.3", "4.4", "4.6", "4.7"})
"""Subject and detail of codes that mean trouble with a mailbox, its server or the way there: full,
not now, no answer, DNS."""
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
    r"|not (in|on) (the |our )?(recipient|user|address) ?(list|table|map)s?\b"
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
_SUSPECTED = re.compile(
    r"recipient address rejected: access denied|\baddress (rejected|denied)\b"
    r"|\brecipient (was |is )?(rejected|refused|denied)\b|\binvalid domain\b",
    re.IGNORECASE,
)
_DNS = re.compile(
    r"(?<!reverse )\bdns\b|name ?server|name service|domain name not found|host not found"
    r"|\bmx (record|host)s?\b"
    r"|no mail (hosts?|servers?|exchangers?) for|name resolution|\bresolv(e|ing)\b|\bservfail\b"
    r"|unable to route|no route to|routing loop|too many hops|hop count",
    re.IGNORECASE,
)
_UNREACHED = re.compile(
    r"mail ?box (is |was )?(temporarily )?(full|unavailable|over|locked)|quota|\bfull\b|timed? ?out"
    r"|storage|try again|temporar(y|ily)|connection (refused|reset)|unreachable|not responding",
    re.IGNORECASE,
)
_BESIDE = re.compile(
    r"[^\s<>@]{1,64}@[^\s<>@]{1,255}|https?:[^\s]{1,500}|(?:[\w-]{1,63}\.){2,10}[a-z]{2,24}\b",
    re.IGNORECASE,
)
"""Addresses, links and names of hosts: what stands in them says nothing."""
LONGEST = 1_000
"""Characters of a server's words that are looked at."""
_SENDER = re.compile(
    r"\b(sender|return-?path|mail from|from)\b.{0,20}\b(address|domain)|\b(your|client|sending) \w",
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


def classify(verdict: Verdict) -> FailureClass | None:
    """The class of a refusal; None when the verdict is no refusal."""
    if verdict.kind is not VerdictKind.REFUSED:
        return None
    words = (verdict.reply or "")[:LONGEST]
    if _of_the_relay(verdict, words):
        return "relay"
    words = _BESIDE.sub("@", words)
    if verdict.command == "MAIL":  # too large, and the like
        return "message"
    policy = _POLICY.search(words) is not None
    if _of_the_domain(verdict, words) and not policy:
        return "suspected" if _SUSPECTED.search(words) else "unreached"
    if _of_the_mailbox(verdict, words) and not policy:
        return "mailbox"
    if _suspected(verdict, words, policy=policy):
        return "suspected"
    return "unreached" if _unreached(verdict, words) else "message"


def classify_exhausted(verdict: Verdict) -> FailureClass:
    """The class of a message given up after temporary failures such as this one: never that the
    mailbox is dead for certain."""
    enhanced = verdict.enhanced and "5" + verdict.enhanced[1:]
    found = classify(replace(verdict, kind=VerdictKind.REFUSED, enhanced=enhanced))
    if found == "message" and not _POLICY.search(_BESIDE.sub("@", (verdict.reply or "")[:LONGEST])):
        return "unreached"
    return "unreached" if found in ("mailbox", "suspected") else found or "message"


def for_the_relay(verdict: Verdict) -> Verdict | None:
    """The same as a deferral when it is about our relay, which is not the reader's fault; else
    None."""
    return replace(verdict, kind=VerdictKind.DEFERRED) if classify(verdict) == "relay" else None


def _of_the_relay(verdict: Verdict, words: str) -> bool:
    enhanced = verdict.enhanced
    if verdict.code in RELAY_CODES or enhanced in RELAY_ENHANCED:
        return True
    if verdict.command == "MAIL":  # nothing has been said of the recipient yet
        return verdict.code != 552 and enhanced not in MESSAGE_AT_MAIL
    if enhanced is not None and enhanced.startswith(("5.1.", "5.2.")):
        return False
    return verdict.command is not None and _RELAY.search(words) is not None


def _of_the_domain(verdict: Verdict, words: str) -> bool:
    """DNS and routing, whatever the code: name servers fail, and domains lapse, for days."""
    enhanced = verdict.enhanced or ""
    if enhanced in ("5.4.3", "5.4.4"):
        return True
    return not enhanced.startswith(("5.7.", "5.6.")) and _DNS.search(words) is not None


def _of_the_mailbox(verdict: Verdict, words: str) -> bool:
    if verdict.enhanced in DEAD_MAILBOX:
        return True
    # After the text a server may be speaking of anything; only its code counts then.
    if verdict.command != "RCPT" or verdict.enhanced not in UNSPECIFIC | {"5.4.1"}:
        return False
    of_policy = (verdict.enhanced or "").startswith("5.7.")
    return _MAILBOX.search(words) is not None and not (of_policy and _SENDER.search(words))


def _suspected(verdict: Verdict, words: str, *, policy: bool) -> bool:
    """Microsoft's edge says 5.4.1 "Access denied" of every address that does not exist."""
    if verdict.command != "RCPT" or not _SUSPECTED.search(words):
        return False
    if verdict.enhanced == "5.4.1":
        return True
    return verdict.enhanced in UNSPECIFIC - {"5.7.1"} and not (policy or _SENDER.search(words))


def _unreached(verdict: Verdict, words: str) -> bool:
    if (verdict.enhanced or "").partition(".")[2] in UNREACHED:
        return True
    return verdict.enhanced in UNSPECIFIC and _UNREACHED.search(words) is not None
