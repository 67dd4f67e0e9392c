"""Parses a message that came back: each format in turn, and the copy of ours that it names.

A copy is named by what the message returns of ours and nobody could make up (``CopyIdentifiers``),
never by an address in it: anybody can write a notification. Nothing here reads the store.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from mailer.inbound import arf, dsn, known_detectors, notices, plain_text_bounces, replies
from mailer.inbound.mime_parts import Part, fields, parse_message
from mailer.inbound.notification import CopyIdentifiers, Notification
from mailer.mime import return_path
from mailer.mime.headers import plain

REPORTS: tuple[Callable[[Sequence[Part]], Notification | None], ...] = (
    dsn.parse,
    arf.parse,
    plain_text_bounces.parse,
)
"""Parsers of one format each, tried in this order: those of machines first. Another is a module
with ``parse``, and its line here."""
MOST_IDENTIFIERS = 10
_MESSAGE_ID = re.compile(r"<[^<>\s@]{3,400}@[^<>\s@]{1,255}>")
_UNSUBSCRIBE = re.compile(r"/unsubscribe/([A-Za-z0-9_-]{20,120})>")
_HEADERS = frozenset({"text/rfc822-headers", "text/rfc822-header", "message/global-headers"})
_OUR_MAILBOX = ("to", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to")


def parse(data: bytes) -> Notification | None:
    """The bounce, complaint or reply that the message is; None for any other."""
    parts = parse_message(data)
    value = _report(parts) or _forwarded(parts) or _known(data, parts)
    if value is None:
        return replies.parse(parts)
    recipient = value.recipient or _recipient(parts)
    return replace(value, recipient=plain(recipient)[:320], identifiers=_identifiers(parts))


def _report(parts: Sequence[Part]) -> Notification | None:
    if dsn.delivered(parts):
        return None
    values = (parse_format(parts) for parse_format in REPORTS)
    return next((value for value in values if value is not None), None)


def _forwarded(parts: Sequence[Part]) -> Notification | None:
    """A notice that somebody, or a mailbox's rule, passed on as an attached message."""
    for number, part in enumerate(parts):
        if part.returned and (notices.from_system(part) or notices.from_nobody(part)):
            inner = parts[number + 1 :]
            end = next((n for n, one in enumerate(inner) if one.depth <= part.depth), len(inner))
            return _report([replace(part, returned=False, depth=0), *inner[:end]])
    return None


def _known(data: bytes, parts: Sequence[Part]) -> Notification | None:
    """A bounce of a form that only ``known_detectors`` has."""
    top = parts[0]
    system = notices.from_system(top) or notices.from_nobody(top)
    if dsn.delivered(parts) or notices.of_a_person(top) or not system:
        return None
    temporary, permanent = known_detectors.failures(data)
    address = next(iter([*permanent, *temporary]), None)
    if address is None:
        return None
    title, text = notices.subject(top), notices.text(parts)
    late = not permanent
    return plain_text_bounces.bounce(text, address, title=title, late=late)


def _identifiers(parts: list[Part]) -> CopyIdentifiers:
    """From the messages that are returned, whole or by their headers; a tag also from the address
    to which the notification came."""
    headers = [part.fields for part in parts if part.returned]
    headers += [fields(part.body) for part in parts if part.kind in _HEADERS]
    # Some servers quote the message at the end of their words.
    headers += [fields(part.body) for part in parts if part.kind == "text/plain"]
    returned = [pair for header in headers for pair in header]
    ids = [_MESSAGE_ID.search(value[:700]) for name, value in returned if name == "message-id"]
    ways = [_UNSUBSCRIBE.search(value) for name, value in returned if name == "list-unsubscribe"]
    paths = [value for name, value in returned if name == "return-path"]
    paths = [*parts[0].values(*_OUR_MAILBOX), *paths]
    return CopyIdentifiers(
        tuple([match[0] for match in ids if match][:MOST_IDENTIFIERS]),
        tuple([match[1] for match in ways if match][:MOST_IDENTIFIERS]),
        tuple([tag for path in paths for tag in return_path.tags(path)][:MOST_IDENTIFIERS]),
    )


def _recipient(parts: list[Part]) -> str:
    return next((value for part in parts if part.returned for value in part.values("to")), "")
