"""Replies: what a reader, or their machine (RFC 3834), answered."""

from collections.abc import Sequence

from mailer.inbound.mime_parts import Part
from mailer.inbound.notification import LONGEST_WORDS, Notification
from mailer.mime.headers import plain


def parse(parts: Sequence[Part]) -> Notification | None:
    """The reply that a message, taken apart (``mime_parts``), is; ``words`` is its subject."""
    top = parts[0]
    automatic = top.value("auto-submitted").lower().startswith("auto-replied")
    if automatic or top.values("in-reply-to", "x-autoreply", "x-autorespond"):
        return Notification("reply", None, plain(top.value("subject")[:LONGEST_WORDS]))
    return None
