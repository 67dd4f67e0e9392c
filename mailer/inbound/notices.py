"""What a notice says in words, apart from the copy it returns, and whether a mail system wrote it.

It reads no report and classifies nothing.
"""

import html
import re
from collections.abc import Sequence

from mailer.inbound import bounce_phrases
from mailer.inbound.mime_parts import Part
from mailer.mime import parsing

LONGEST_TEXT = 16_384
"""Characters of a notice that are read; its reason stands in the first lines."""
LONGEST_FIELD = 1_000
_SYSTEM = re.compile(
    r"mailer[-_. ]?daemon|postmaster|mail ?delivery|mail (system|admin|router|gateway|service)"
    r"|maildaemon|mdaemon|system administrator|systemadministrator|microsoft ?exchange"
    r"|microsoft outlook|virus.?wall|antivirus|\b(ndr|bounces?|imss|mta|smtp)[\w.+-]{0,30}@"
    r"|mail_service|delivery (status|sub)|jetmail|mailadmin|administrateur|zustell|jmail"
    r"|mail[- ]?server|no-?reply@.{0,60}mail",
    re.IGNORECASE,
)
_TAG = re.compile(r"<(/?[a-zA-Z!][^<>]{0,2000})>")
_BREAK = re.compile(r"(?i)^/?(br|p|div|tr|table|li|h\d|ul|ol|pre|blockquote)\b")
_HIDDEN = re.compile(r"(?is)<(style|script|head)\b.{0,100000}?</\1\s*>")
_REPLY = re.compile(r"(?i)^\s*(re|aw|antw|sv|r[ée]f?|fwd?|wg|tr|rv|vs)\s*:")


def subject(top: Part) -> str:
    """Its subject, with the encoded words (RFC 2047) read."""
    return decoded(top.value("subject"))


def decoded(value: str) -> str:
    """A field's value with its encoded words (RFC 2047) read, as far as they can be."""
    return parsing.decoded(value[:LONGEST_FIELD])


def from_system(top: Part) -> bool:
    """Whether the sender is a mail system by its name or its fields."""
    sender = decoded(top.value("from"))
    nobody = bool(top.values("from")) and ("<>" in sender or not sender.strip())
    report = "report-type=delivery-status" in top.value("content-type").replace('"', "").lower()
    fields = bool(top.values("x-failed-recipients"))
    return nobody or report or fields or _SYSTEM.search(sender) is not None


def from_nobody(top: Part) -> bool:
    """Whether the envelope sender is empty, as it is of notices and of many answers (RFC 3834)."""
    return top.value("return-path").strip() in ("<>", "<MAILER-DAEMON>")


def of_a_person(top: Part) -> bool:
    """Whether the message is part of a conversation, or an answer of a reader's machine."""
    title = subject(top)
    if bounce_phrases.FAILED_SUBJECT.search(title) and not _REPLY.search(title):
        return False
    automatic = top.value("auto-submitted").lower().startswith("auto-replied")
    machine = top.values("x-autoreply", "x-autorespond", "x-autoresponder")
    if machine or top.value("precedence").lower() == "auto_reply":
        return True
    if bounce_phrases.AWAY.search(title):
        return True
    if from_system(top):
        return False
    return automatic or bool(_REPLY.search(title))


def answers_for_somebody(top: Part) -> bool:
    """Whether a reader's machine answered: that they are away, or that a message was received."""
    machine = top.values("x-autoreply", "x-autorespond", "x-autoresponder")
    return bool(machine) or bounce_phrases.AWAY.search(subject(top)) is not None


def text(parts: Sequence[Part]) -> str:
    """What the notice says: its text, or else its HTML, up to the copy of the message."""
    found = ""
    for kind in ("text/plain", "text/html"):
        pieces = [_visible(part) for part in _own(parts) if part.kind == kind]
        found = "\n".join(pieces)[: LONGEST_TEXT * 4]
        if found.strip():
            break
    copy = bounce_phrases.COPY.search(found)
    if copy is not None and found[: copy.start()].strip():
        found = found[: copy.start()]
    return found[:LONGEST_TEXT]


def _own(parts: Sequence[Part]) -> list[Part]:
    """The parts that are the notice's and not of the message it returns."""
    own: list[Part] = []
    for part in parts:
        if part.returned or (own and part.kind in ("message/rfc822", "text/rfc822-headers")):
            break
        own.append(part)
    return own


def _visible(part: Part) -> str:
    if part.kind != "text/html":
        return part.text[: LONGEST_TEXT * 4]
    source = _HIDDEN.sub(" ", part.text[: LONGEST_TEXT * 16])
    source = _TAG.sub(lambda tag: "\n" if _BREAK.match(tag[1]) else "", source)
    return re.sub(r"[ \t\xa0]+", " ", html.unescape(source))
