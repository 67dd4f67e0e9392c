"""Bounces in words, as qmail, Exim, Exchange and many others write them.

A mail system must have sent it, and say that a message failed. The code it quotes classifies it,
the most specific first: an enhanced status code, a reply code, else the words (``failure_words``).
"""

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace

from mailer.inbound import bounce_phrases, notices
from mailer.inbound.bounce_classes import classify
from mailer.inbound.mime_parts import Part
from mailer.inbound.notification import LONGEST_WORDS, Notification
from mailer.mime.headers import plain

LONGEST_REPLY = 500
MOST_REPLIES = 50
_REPLY = re.compile(
    r"(?m)(?<![\d.@:/+-])([45][0-7]\d)[ :-]{1,3}(?=#?[45]\.\d{1,3}\.\d{1,3}\b|[^\d\s])"
    rf".{{0,{LONGEST_REPLY}}}(?:\n[ \t]+\S.{{0,200}}){{0,4}}"
)
_ERROR_CODE = re.compile(r"(?i)(?:error code|smtp error|reply code|code)[ :#]{1,3}([45][0-5]\d)\b")
_ENHANCED = re.compile(r"(?<![\w.-])(?:#\s?)?([45]\.[0-7]\.\d{1,3})(?![\w.-]*\d)(?!\.\d)")
_COLON = re.compile(r"^([45]\d\d)[ :-]{1,3}")
_ADDRESS = re.compile(
    r"(?<![\w.+%=/-])[\w.+%=/'!#$&*?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,10}"
)
_NO_READER = re.compile(
    r"(?i)^(postmaster|mailer-daemon|abuse|support|help|helpdesk|noreply|no-reply|admin|root"
    r"|webmaster|hostmaster|info-bounce)[+@]"
)
_FAILED_FIELD = re.compile(
    r"(?im)^\s{0,20}(?:<?(?:rcpt to|recipients?|failed recipient|final-recipient"
    r"|original-recipient|undeliverable address|intended recipient)[^\n@<:]{0,30}[:;])\s{0,9}"
    r"(?:rfc822;\s{0,9})?<?([^\s<>,;:\"']{1,64}@[^\s<>,;:\"']{1,255})"
)


_SENT_BY_MACHINE = re.compile(
    r"message from interscan|non-delivery report|this is an auto|auto(matically"
    r"|mated)[- ]?(generated|created|message)"
    r"|(created|generated) automatically|automatisch (erzeugt|erstellt|generiert)"
    r"|g[ée]n[ée]r[ée] automatiquement|message automatique|machine.generated",
    re.IGNORECASE,
)


def parse(parts: Sequence[Part]) -> Notification | None:
    """The bounce in a message that was taken apart (``mime_parts``), if it is one."""
    top = parts[0]
    if notices.of_a_person(top):
        return None
    title, text = notices.subject(top), notices.text(parts)
    system = notices.from_system(top)
    says_so = bounce_phrases.FAILED_SUBJECT.search(title) is not None
    failed = bounce_phrases.FAILED_TEXT.search(text) is not None
    late = delayed(title, text)
    if system:
        evident = failed or late or (says_so and _coded(text))
    else:
        evident = says_so and failed and _by_machine(top, text)
    if not evident or (bounce_phrases.CHALLENGE.search(f"{title}\n{text}") and not _coded(text)):
        return None
    return bounce(text, recipient(parts, text), title=title, late=late)


def bounce(text: str, address: str, *, title: str, late: bool) -> Notification:
    """The bounce that a notice with this text and title is, about this address; it may be empty."""
    status, words = reply(text)
    if late:
        given = status if status and status.startswith("4.") else None
        return Notification("soft", given, plain(title)[:LONGEST_WORDS] or "delayed", None, address)
    result = classify(
        status or "5.0.0", plain(words) or _reason(text, address), failed=True, text=text
    )
    return replace(result, recipient=address)


def reply(text: str) -> tuple[str | None, str]:
    """The status code that a notice names, or the class of its reply code, and the reply: a final
    one rather than a passing one, one with an enhanced status code rather than without."""
    found = list(itertools.islice(_REPLY.finditer(text), MOST_REPLIES))
    found.sort(key=lambda reply: (reply[1][0] != "5", _ENHANCED.search(reply[0]) is None))
    if found:
        return f"{found[0][1][0]}.0.0", _COLON.sub(r"\1 ", found[0][0])
    enhanced = list(itertools.islice(_ENHANCED.finditer(text), MOST_REPLIES))
    enhanced.sort(key=lambda code: code[1][0] != "5")
    if enhanced:
        start = text.rfind("\n", 0, enhanced[0].start()) + 1
        return enhanced[0][1], text[start : enhanced[0].end() + LONGEST_REPLY].split("\n\n")[0]
    code = _ERROR_CODE.search(text)
    return (f"{code[1][0]}.0.0" if code else None), ""


def recipient(parts: Sequence[Part], text: str) -> str:
    """The address that a notice is about; empty when it names none."""
    top = parts[0]
    for value in (top.value("x-failed-recipients"), *_FAILED_FIELD.findall(text)):
        if found := _ADDRESS.search(value):
            return found[0]
    failed = bounce_phrases.FAILED_TEXT.search(text)
    start = text.rfind("\n", 0, failed.start()) + 1 if failed else 0
    ours = " ".join(top.values("to", "delivered-to", "x-original-to")).lower()
    for place in (text[start:], text):
        found_here = itertools.islice(_ADDRESS.finditer(place), MOST_REPLIES)
        for address in (match[0].strip("'").removeprefix("SMTP=") for match in found_here):
            if not _NO_READER.search(address) and address.lower() not in ours:
                return address
    return ""


def delayed(title: str, text: str) -> bool:
    """Whether a notice says that delivery is late and goes on."""
    if bounce_phrases.DELAYED.search(title):
        return True
    return bool(bounce_phrases.DELAYED.search(text)) and not bounce_phrases.GIVEN_UP.search(text)


def _coded(text: str) -> bool:
    return any(code.search(text) is not None for code in (_REPLY, _ENHANCED, _ERROR_CODE))


def _by_machine(top: Part, text: str) -> bool:
    return bool(
        notices.from_nobody(top)
        or top.value("auto-submitted")
        or "report-type=delivery-status" in top.value("content-type").lower()
        or _SENT_BY_MACHINE.search(text)
    )


def _reason(text: str, address: str) -> str:
    """The line of a notice that says why: what follows the address, else what failed."""
    at = text.find(address) if address else -1
    after = (
        text[at + len(address) : at + LONGEST_WORDS].strip(" >:\r\n\t.,;\"')") if at >= 0 else ""
    )
    failed = bounce_phrases.FAILED_TEXT.search(text)
    line = text[failed.start() : failed.start() + LONGEST_WORDS] if failed else text[:LONGEST_WORDS]
    return plain(" ".join((after or line).split()))
