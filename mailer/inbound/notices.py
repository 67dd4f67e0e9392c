"""What a mail that came back says: a delivery status notification (RFC 3464, 6533), a bounce in a
server's own words, a complaint (ARF, RFC 5965), or an answer.

Which copy it is about is told by what it returns of ours and nobody could make up (``Named``),
never by an address in it: anybody can write a notification. Whether that is genuine is for the
caller to see. It takes the bytes of one message and returns a value; what it does not recognise is
None.
"""

import re
from dataclasses import dataclass, replace
from typing import Literal

from mailer.inbound.mime_parts import Part, fields, parse_message
from mailer.mime import return_path
from mailer.mime.headers import plain
from mailer.relay import refusals
from mailer.relay.refusals import Whom
from mailer.relay.smtp.connection import enhanced_code
from mailer.relay.transport import Verdict, VerdictKind

Kind = Literal["hard", "soft", "complaint", "reply"]
LONGEST_WORDS = 500
MOST_NAMED = 10
LONGEST_TEXT = 65_536
"""Characters of a bounce in words that are read."""
COMPLAINTS = frozenset({"abuse", "fraud"})
"""Kinds of feedback that are a reader's (RFC 5965 section 7.3). The others are a machine's, or take
a complaint back."""
_MESSAGE_ID = re.compile(r"<[^<>\s@]{3,400}@[^<>\s@]{1,255}>")
_UNSUBSCRIBE = re.compile(r"/unsubscribe/([A-Za-z0-9_-]{20,120})>")
_HEADERS = frozenset({"text/rfc822-headers", "text/rfc822-header", "message/global-headers"})
_STATUS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_REPLY = re.compile(r"(?<![\d.])([45]\d\d)(?:[ -]|$)(.*)", re.DOTALL)
_IN_WORDS = re.compile(r"(?m)(?<![\d.@])([45]\d\d)[ -](#?[45]\.\d{1,3}\.\d{1,3}\b|[^\d\s]).{0,500}")
_FAILURE = re.compile(
    r"undeliver|failure notice|returned mail|delivery (status )?(notification|fail)"
    r"|(mail|message) delivery fail|not delivered|could not be delivered",
    re.IGNORECASE,
)
_SYSTEM = re.compile(r"mailer-daemon|postmaster|mail delivery (sub)?system", re.IGNORECASE)
_OUR_MAILBOX = ("to", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to")


@dataclass(frozen=True)
class Named:
    """What may name a copy of ours, by the thing it is."""

    message_ids: tuple[str, ...] = ()
    unsubscribe: tuple[str, ...] = ()
    return_paths: tuple[str, ...] = ()


@dataclass(frozen=True)
class Notice:
    """``hard``: the mailbox is dead; ``soft``: not delivered, or not yet, for another reason.
    ``about`` says whom a bounce is about (``refusals``), None while it may still be delivered.
    ``status`` is the enhanced status code, ``words`` what the server there said."""

    kind: Kind
    status: str | None
    words: str
    about: Whom | None = None
    recipient: str = ""
    named: Named = Named()


def read(data: bytes) -> Notice | None:
    """What the message says, if it is a notification or an answer."""
    parts = parse_message(data)
    found = _report(parts) or _in_words(parts) or _answer(parts[0])
    if found is None or found.kind == "reply":
        return found
    recipient = found.recipient or _recipient(parts)
    return replace(found, recipient=plain(recipient)[:320], named=_named(parts))


def _named(parts: list[Part]) -> Named:
    """From the messages that are returned, whole or by their headers; the tag, from the address to
    which the notification came, too."""
    headers = [part.fields for part in parts if part.returned]
    headers += [fields(part.body) for part in parts if part.kind in _HEADERS]
    # Some servers quote the message at the end of their words.
    headers += [fields(part.body) for part in parts if part.kind == "text/plain"]
    returned = [pair for header in headers for pair in header]
    ids = [_MESSAGE_ID.search(value[:700]) for name, value in returned if name == "message-id"]
    ways = [_UNSUBSCRIBE.search(value) for name, value in returned if name == "list-unsubscribe"]
    paths = [value for name, value in returned if name == "return-path"]
    paths = [*parts[0].values(*_OUR_MAILBOX), *paths]
    return Named(
        tuple([found[0] for found in ids if found][:MOST_NAMED]),
        tuple([found[1] for found in ways if found][:MOST_NAMED]),
        tuple([tag for path in paths for tag in return_path.tags(path)][:MOST_NAMED]),
    )


def _recipient(parts: list[Part]) -> str:
    return next((value for part in parts if part.returned for value in part.values("to")), "")


def _report(parts: list[Part]) -> Notice | None:
    """What a machine says in the form meant for machines."""
    for part in parts:
        if part.kind == "message/feedback-report":
            return _complaint(part)
        if part.kind in _STATUS and (bounce := _bounce(part.text)) is not None:
            return bounce
        if part.returned and (whom := part.value("x-hmxmroriginalrecipient")):  # Outlook.com's
            return Notice("complaint", None, "abuse", recipient=whom)
    return None


def _complaint(part: Part) -> Notice | None:
    """``not-spam`` takes a complaint back; whoever complained has left all the same."""
    known = dict(reversed(fields(part.body)))
    kind = known.get("feedback-type", "").lower()
    if kind not in COMPLAINTS:
        return None
    whom = known.get("original-rcpt-to", known.get("removal-recipient", ""))
    return Notice("complaint", None, kind, recipient=whom)


def _bounce(text: str) -> Notice | None:
    """The first recipient of whom there is something bad to say; each of our messages has one."""
    for block in text.replace("\r\n", "\n").split("\n\n", 50)[:50]:
        known = dict(reversed(fields(block.encode())))
        action = known.get("action", "").lower()
        if not action.startswith(("fail", "delay")):
            continue
        status = known.get("status", "").split(" ")[0]
        kind, _, words = known.get("diagnostic-code", "").partition(";")
        whom = known.get("final-recipient", known.get("original-recipient", ""))
        failed = action.startswith("fail")
        judged = _judged(status, plain((words or kind)[:4_000]), failed=failed)
        return replace(judged, recipient=whom.rpartition(";")[2].strip())
    return None


def _judged(status: str, words: str, *, failed: bool) -> Notice:
    """As a reply at RCPT would be judged; a more specific code in the words counts more."""
    reply = _REPLY.search(words)
    code = int(reply[1]) if reply else 550 if status.startswith("5") else 450
    known = status if re.fullmatch(r"[245]\.\d{1,3}\.\d{1,3}", status) else None
    enhanced = (enhanced_code(code, reply[2].strip()) if reply else None) or known
    verdict = Verdict(VerdictKind.REFUSED, "", code, enhanced, words, "RCPT")
    about = refusals.at_last(verdict) if (enhanced or "5")[0] == "4" else refusals.about(verdict)
    text = words[:LONGEST_WORDS] or f"{'failed' if failed else 'delayed'} {status}".strip()
    if not failed:
        return Notice("soft", enhanced, text)
    dead = about in ("mailbox", "suspected")
    return Notice("hard" if dead else "soft", enhanced, text, about)


def _in_words(parts: list[Part]) -> Notice | None:
    """A bounce as qmail, Exim and others write one: from a mail system, quoting a reply."""
    top = parts[0]
    said = _SYSTEM.search(top.value("from")[:1_000]) or top.value("return-path") == "<>"
    if not said and not _FAILURE.search(top.value("subject")[:1_000]):
        return None
    for part in parts:
        if part.kind != "text/plain" or part.returned:
            continue
        text = part.text[:LONGEST_TEXT]
        if (reply := _IN_WORDS.search(text)) and (said or _FAILURE.search(text)):
            return _judged(f"{reply[1][0]}.0.0", plain(reply[0]), failed=True)
    return None


def _answer(top: Part) -> Notice | None:
    """What a reader, or their machine, answered."""
    automatic = top.value("auto-submitted").lower().startswith("auto-replied")
    if automatic or top.values("in-reply-to", "x-autoreply", "x-autorespond"):
        return Notice("reply", None, plain(top.value("subject")[:LONGEST_WORDS]))
    return None
