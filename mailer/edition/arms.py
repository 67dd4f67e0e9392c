"""Which readers get what, where newsletters are compared: drawn once, by a keyed hash, for good.

The draw is a function of the store's own key, of what is compared and of the reader's id: it needs
no row, is the same in every process and after every restart, and nobody outside can foresee it. It
is noted with each copy that was planned.
"""

import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from mailer.edition.edition_settings import EditionSettings
from recommender.models import ExperimentKind
from recommender.subscribers import addresses


class Arm(StrEnum):
    """What a copy was chosen by. ``BOTH``: by two settings at once, interleaved."""

    HOUSE = "house"
    PERSONAL = "personal"
    A = "a"
    B = "b"
    BOTH = "both"


def key(session: Session) -> bytes:
    """The key of this store's draws; it stays when a secret is changed."""
    return hmac.digest(addresses.salt(session).encode(), b"arms", "sha256")


@dataclass(frozen=True)
class Draw:
    """Draws for the readers of one newsletter."""

    key: bytes
    newsletter_id: int
    settings: EditionSettings

    def arm(self, subscriber_id: int) -> Arm | None:
        """Which arm a reader is in; None where nothing is compared."""
        settings, experiment = self.settings, self.settings.ranker_experiment
        if settings.holdout and self.holdout(subscriber_id) < settings.holdout:
            return Arm.HOUSE
        if experiment is not None:
            place = self._number(f"experiment {experiment.id}", subscriber_id)
            if place < experiment.share:
                if experiment.kind == ExperimentKind.INTERLEAVING:
                    return Arm.BOTH
                return Arm.A if place < experiment.share / 2 else Arm.B
        return Arm.PERSONAL if settings.holdout else None

    def holdout(self, subscriber_id: int) -> float:
        """Where the reader stands, from 0 to 1: those below the holdout's share are in it, so a
        larger share keeps those who were."""
        return self._number(f"holdout {self.newsletter_id}", subscriber_id)

    def subject(self, subscriber_id: int) -> int | None:
        """Which of the subjects that are tried the reader gets; None: they get the winner."""
        test = self.settings.subject_test
        if test is None:
            return None
        place = self._number(f"experiment {test.id}", subscriber_id)
        return int(place / test.share * len(test.subjects)) if place < test.share else None

    def _number(self, purpose: str, subscriber_id: int) -> float:
        message = f"{purpose} {subscriber_id}".encode()
        drawn = hmac.digest(self.key, message, hashlib.sha256)[:8]
        return (int.from_bytes(drawn, "big") >> 11) / 2**53
