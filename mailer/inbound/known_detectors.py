"""Bounces that only flufl.bounce knows, Mailman's detectors: forms of systems long gone or rare.

They tell addresses and whether the failure is final, no reason; that is taken from the words. Only
a message that a mail system sent is shown to them, and only its beginning: they search it many
times over.
"""

import email
import email.policy
import logging
from collections.abc import Iterable

from flufl.bounce import all_failures

LONGEST = 65_536
"""Bytes of a message that are looked at."""
MOST_LINES = 2_000
logging.getLogger("flufl.bounce").disabled = True  # it tells of errors that are a stranger's


def failures(data: bytes) -> tuple[list[str], list[str]]:
    """Addresses that failed for now, and for good."""
    head = b"\n".join(data[:LONGEST].split(b"\n", MOST_LINES)[:MOST_LINES])
    try:
        message = email.message_from_bytes(head, policy=email.policy.compat32)
        temporary, permanent = all_failures(message)
    except Exception:  # noqa: BLE001  (they trust what a stranger wrote, be it a thousand deep)
        return [], []
    return _addresses(temporary), _addresses(permanent)


def _addresses(found: Iterable[bytes]) -> list[str]:
    return sorted(address.decode("utf-8", "replace") for address in found)
