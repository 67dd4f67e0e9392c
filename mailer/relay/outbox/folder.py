"""A folder as a transport: every message as ``outbox/<edition>/<n>-<address>.eml``.

The bytes are those SMTP would carry, CRLF included. A message is written under another name first
and renamed when it is committed, so there is never half of one, and the same copy written twice is
one file. It removes nothing but what it has written itself.
"""

import contextlib
import re
from pathlib import Path

from mailer.mime.headers import on_the_wire
from mailer.mime.message import Message
from mailer.relay.transport import Verdict, VerdictKind
from recommender.errors import TransportError
from recommender.safety import private_files

NAME = "outbox"


class Outbox:
    """Writes into ``folder``, which is made when it is needed."""

    open = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._offered: tuple[Path, Path] | None = None

    def ready(self) -> bool:
        return True

    def offer(self, message: Message, *, number: int) -> Verdict | None:
        """As ``Transport.offer``; TransportError when the message cannot be written."""
        self.abort()
        final = self._folder / file_name(number, message.recipient)
        waiting = final.with_name(f"{final.name}.part")
        try:
            private_files.make_folder(self._folder)
            private_files.write(waiting, message.data)
        except OSError as error:
            with contextlib.suppress(OSError):
                waiting.unlink(missing_ok=True)
            raise TransportError(f"outbox: cannot write {waiting}: {error.strerror}") from error
        self._offered = (waiting, final)
        return None

    def commit(self) -> Verdict:
        """Give the message its name. What cannot be renamed was not delivered: a deferral."""
        if self._offered is None:
            raise RuntimeError("commit without offer")
        waiting, final = self._offered
        try:
            waiting.replace(final)
        except OSError as error:
            self.abort()
            words = f"cannot write {final}: {error.strerror}"
            return Verdict(VerdictKind.DEFERRED, NAME, reply=words)
        self._offered = None
        return Verdict(VerdictKind.ACCEPTED, NAME, reply=final.name)

    def abort(self) -> None:
        if self._offered is not None:
            with contextlib.suppress(OSError):
                self._offered[0].unlink(missing_ok=True)
            self._offered = None

    def close(self) -> None:
        self.abort()


def file_name(number: int, address: str) -> str:
    """``000012-reader@example.com.eml``: sortable, and safe on any file system."""
    with contextlib.suppress(ValueError):
        address = on_the_wire(address)
    safe = re.sub(r"[^A-Za-z0-9@._+-]", "_", address)[:120]
    return f"{number:06}-{safe}.eml"
