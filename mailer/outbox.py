"""The file transport: every message as ``outbox/<edition>/<n>-<address>.eml``.

The bytes are those SMTP would carry, CRLF included. A message is written under another name first
and renamed when it is committed, so there is never half of one, and the same copy written twice is
one file.
"""

import os
import re
from pathlib import Path

from mailer.message import Message
from mailer.transport import Verdict, VerdictKind
from recommender.errors import TransportError


class Outbox:
    """Writes into ``folder``, which is made when it is needed."""

    name = "outbox"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._offered: tuple[Path, Path] | None = None

    def offer(self, message: Message, *, number: int) -> Verdict | None:
        final = self._folder / file_name(number, message.recipient)
        waiting = final.with_suffix(".part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            waiting.write_bytes(message.data)
        except OSError as error:
            raise TransportError(f"cannot write {waiting}: {error.strerror}") from error
        self._offered = (waiting, final)
        return None

    def commit(self) -> Verdict:
        if self._offered is None:
            raise RuntimeError("commit without offer")
        waiting, final = self._offered
        self._offered = None
        try:
            os.replace(waiting, final)  # noqa: PTH105  (atomic; Path.replace is the same call)
        except OSError as error:
            raise TransportError(f"cannot write {final}: {error.strerror}") from error
        return Verdict(VerdictKind.ACCEPTED, self.name, reply=final.name)

    def abort(self) -> None:
        if self._offered is not None:
            self._offered[0].unlink(missing_ok=True)
            self._offered = None

    def close(self) -> None:
        self.abort()


def file_name(number: int, address: str) -> str:
    """``000012-reader@example.com.eml``: sortable, and safe on any file system."""
    safe = re.sub(r"[^A-Za-z0-9@._+-]", "_", address)[:120]
    return f"{number:06}-{safe}.eml"
