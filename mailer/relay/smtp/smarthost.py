"""An SMTP server that takes our mail and passes it on, and how to sign in to it."""

import ssl
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

StartTls = Literal["require", "optional", "never"]
Auth = Literal["password", "xoauth2"]


@dataclass(frozen=True)
class Smarthost:
    """Host, port and credentials. ``implicit_tls``: TLS from the first byte (``smtps``);
    ``cafile``: the certificates to trust (PEM) in place of the system's; ``auth``: what
    ``password`` is, a password or an access token; ``token_file``: where the token stands instead,
    which another program keeps fresh."""

    host: str
    port: int
    user: str | None = None
    password: str | None = None
    starttls: StartTls = "require"
    implicit_tls: bool = False
    cafile: Path | None = None
    auth: Auth = "password"
    token_file: Path | None = None

    @cached_property
    def context(self) -> ssl.SSLContext:
        """Of verified TLS. Only where that is used are all certificates of a system read, which
        takes longer than to send to a dozen readers."""
        return ssl.create_default_context(cafile=self.cafile)

    @property
    def name(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def secret(self) -> str:
        """The password or the token, as it is now. Raises OSError, or ValueError when the file is
        no text."""
        if self.token_file is None:
            return self.password or ""
        return self.token_file.read_text("utf-8").strip()
