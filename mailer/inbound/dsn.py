"""Bounces in the form meant for machines: delivery status notifications (RFC 3464, 6533).

Many systems keep to the form only in part: the report stands in a text part, a word of their own
says what became of the message, or the reason stands in the notice beside it.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from mailer.inbound import arf, notices, plain_text_bounces
from mailer.inbound.bounce_classes import classify, is_open
from mailer.inbound.mime_parts import Part, fields
from mailer.inbound.notification import Notification
from mailer.mime.headers import plain

STATUS = frozenset({"message/delivery-status", "message/global-delivery-status"})
MOST_BLOCKS = 50
LONGEST_DIAGNOSTIC = 4_000
_FAILED = ("fail", "error", "undeliver", "reject", "bounce", "permanent", "fatal")
_DONE = ("deliver", "relay", "expand", "success")
_CODE = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_REPORT = re.compile(
    r"(?im)^final-recipient:[^\n]{1,500}\n(?:[^\n]{0,500}\n){0,6}?(action|status):"
)
_ADDRESS = re.compile(r"[^\s<>();,]{1,64}@[^\s<>();,]{1,255}")
_X400 = re.compile(r"(?i)RFC-?822[=:]([\w.+-]{1,64}(?:\(a\)|@)[\w.-]{1,255})")


def parse(parts: Sequence[Part]) -> Notification | None:
    """The bounce in a message that was taken apart (``mime_parts``), if it is one; what follows a
    feedback report belongs to that."""
    for part in parts:
        if part.kind == arf.REPORT:
            return None
        if _is_report(part, parts[0]) and (bounce := _bounce(part.text, parts)) is not None:
            return bounce
    return None


def delivered(parts: Sequence[Part]) -> bool:
    """Whether the message reports nothing but success."""
    reports = [part for part in parts if part.kind in STATUS]
    actions = [block.get("action", "").lower() for part in reports for block in _blocks(part.text)]
    told = [action for action in actions if action]
    return bool(told) and all(action.startswith(_DONE) for action in told)


def _is_report(part: Part, top: Part) -> bool:
    if part.kind in STATUS:
        return True
    text = part.kind.startswith("text/") and part.kind != "text/html" and not part.returned
    return text and notices.from_system(top) and _REPORT.search(part.text[:65_536]) is not None


def _blocks(text: str) -> list[dict[str, str]]:
    """The fields of the message and of each recipient."""
    blocks = text.replace("\r\n", "\n").strip("\n").split("\n\n", MOST_BLOCKS)[:MOST_BLOCKS]
    return [dict(reversed(fields(block.strip("\n").encode()))) for block in blocks]


def _bounce(text: str, parts: Sequence[Part]) -> Notification | None:
    """The first recipient that failed or is delayed; each of our messages has one."""
    for values in _blocks(text):
        action = values.get("action", "").lower()
        status_field = values.get("status", "")
        code = _CODE.search(status_field)
        status = code[0] if code else status_field.split(" ")[0]
        failed = action.startswith(_FAILED) or (not action and status.startswith("5."))
        if not failed and not action.startswith("delay"):
            continue
        kind, _, words = values.get("diagnostic-code", "").partition(";")
        diagnostic = notices.decoded(words or kind) if "=?" in (words or kind) else words or kind
        words = plain(diagnostic[:LONGEST_DIAGNOSTIC]).strip()
        return replace(
            _classified(status, words, parts, failed=failed), recipient=_recipient(values)
        )
    return None


def _classified(status: str, words: str, parts: Sequence[Part], *, failed: bool) -> Notification:
    """By the report; where that leaves it open, by what the notice beside it says."""
    if not failed or not is_open(status, words):
        return classify(status, words, failed=failed)
    notice = notices.text(parts)
    quoted, reply = plain_text_bounces.reply(notice)
    if quoted is not None and reply:
        return classify(quoted, plain(reply), failed=True, text=notice)
    return classify(status, words, failed=True, text=notice)


def _recipient(values: dict[str, str]) -> str:
    """The address as we wrote it, where the report says so, and without what is around it."""
    named = [values.get(f"{which}-recipient", "") for which in ("original", "final", "x-actual")]
    for value in named:
        address = value.rpartition(";")[2].strip().strip("<>")
        if found := _X400.search(address):
            return found[1].replace("(a)", "@")
        if found := _ADDRESS.search(address):
            return found[0]
    return next((value.rpartition(";")[2].strip() for value in named if value), "")
