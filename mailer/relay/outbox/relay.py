"""The outbox as a relay: ``outbox:``."""

from dataclasses import dataclass
from pathlib import Path

from mailer.relay.outbox.folder import NAME, Outbox
from recommender.errors import ConfigurationError
from recommender.settings.limits import Rates


@dataclass(frozen=True)
class Relay:
    """A folder as one of the relays: as ``transport.Relay``."""

    folder: Path
    name: str = NAME
    host: str | None = None
    weight: int = 0
    rates: Rates = ()

    def connect(self, timeout: float) -> Outbox:
        """A writer to the folder. Nothing is waited for."""
        return Outbox(self.folder)

    def check(self, timeout: float) -> str:
        """Says where messages go; whether there is room is seen when one is written."""
        return f"none: messages are written to {self.folder}"


def from_url(url: str, *, number: int, folder: Path) -> Relay:
    """``outbox:``, relay ``number`` of ``smtp_url``: files go to ``folder``. Raises
    ConfigurationError."""
    if url != f"{NAME}:":
        raise ConfigurationError(f"smtp_url: relay {number}: the outbox is written {NAME}: alone")
    return Relay(folder)
