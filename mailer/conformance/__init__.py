"""Checks one message, as raw bytes, against what the standards and the large mailbox providers ask.

Used by ``newsletter doctor`` on a rendered copy and by the tests on every kind of content. It only
looks; it needs no network and changes nothing. Each rule names where it comes from. What can only
be asked of a name server, a browser or several messages is not here: SPF, contrast, one click.
"""

from dataclasses import dataclass
from datetime import datetime

from mailer.conformance import fields, page, parts, signature
from mailer.conformance.rule import Level, Rule
from mailer.mime import parsing

__all__ = ["RULES", "Finding", "Level", "check"]
RULES: tuple[Rule, ...] = (*fields.RULES, *signature.RULES, *parts.RULES, *page.RULES)
"""In the order of a message: its fields, its signatures, its parts, its HTML."""


@dataclass(frozen=True)
class Finding:
    """Something wrong: which rule, whether it must or should hold, and what was found."""

    rule: str
    level: Level
    what: str


def check(
    data: bytes, *, recipient: str | None = None, now: datetime | None = None
) -> list[Finding]:
    """Everything that is wrong with the message, in the order of the rules; best is nothing.

    ``recipient`` is whom it is for, ``now`` when it is sent; what is not given is not checked.
    """
    parsed = parsing.parse_message(data, recipient=recipient, now=now)
    return [Finding(rule.name, rule.level, what) for rule in RULES for what in rule.look(parsed)]
