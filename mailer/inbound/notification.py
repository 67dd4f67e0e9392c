"""What a message that came back says, as a value: a bounce, a complaint or a reply."""

from dataclasses import dataclass
from typing import Literal

from mailer.relay.refusals import FailureClass

Kind = Literal["hard", "soft", "complaint", "reply"]
LONGEST_WORDS = 500


@dataclass(frozen=True)
class CopyIdentifiers:
    """What may name a copy of ours: values of Message-ID, tokens of List-Unsubscribe, tags of the
    envelope sender. Whether they are genuine is for ``bounce_processing`` to decide."""

    message_ids: tuple[str, ...] = ()
    unsubscribe_tokens: tuple[str, ...] = ()
    return_path_tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Notification:
    """``hard``: the mailbox is dead; ``soft``: not delivered, or not yet, for another reason.
    ``about`` is the class of a failure (``refusals``), None while the message may still be
    delivered. ``status`` is the enhanced status code, ``words`` the server's text."""

    kind: Kind
    status: str | None
    words: str
    about: FailureClass | None = None
    recipient: str = ""
    identifiers: CopyIdentifiers = CopyIdentifiers()
