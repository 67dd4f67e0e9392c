"""Bounces in words, as qmail, Exim and others write them: from a mail system, quoting a reply."""

import re
from collections.abc import Sequence

from mailer.inbound.bounce_classes import classify
from mailer.inbound.mime_parts import Part
from mailer.inbound.notification import Notification
from mailer.mime.headers import plain

LONGEST_TEXT = 65_536
"""Characters that are read."""
LONGEST_FIELD = 1_000
_REPLY = re.compile(r"(?m)(?<![\d.@])([45]\d\d)[ -](#?[45]\.\d{1,3}\.\d{1,3}\b|[^\d\s]).{0,500}")
_FAILURE = re.compile(
    r"undeliver|failure notice|returned mail|delivery (status )?(notification|fail)"
    r"|(mail|message) delivery fail|not delivered|could not be delivered",
    re.IGNORECASE,
)
_SYSTEM = re.compile(r"mailer-daemon|postmaster|mail delivery (sub)?system", re.IGNORECASE)


def parse(parts: Sequence[Part]) -> Notification | None:
    """The bounce in a message that was taken apart (``mime_parts``), if it is one."""
    top = parts[0]
    from_system = top.value("return-path") == "<>" or bool(
        _SYSTEM.search(top.value("from")[:LONGEST_FIELD])
    )
    if not from_system and not _FAILURE.search(top.value("subject")[:LONGEST_FIELD]):
        return None
    for part in parts:
        if part.kind != "text/plain" or part.returned:
            continue
        text = part.text[:LONGEST_TEXT]
        if (reply := _REPLY.search(text)) and (from_system or _FAILURE.search(text)):
            return classify(f"{reply[1][0]}.0.0", plain(reply[0]), failed=True)
    return None
