"""What one run of sending did, as numbers that add up."""

from dataclasses import dataclass, field

from mailer.ledger import counts, deliveries
from recommender.models import DeliveryState, Edition, EditionState


@dataclass(frozen=True)
class Summary:
    """What one run did. The sum holds: due = sent + failed + deferred + skipped + in_doubt.

    ``due`` is what was not settled when the run began. ``deferred`` is all that is left for a
    later run; ``in_doubt`` is every copy of the edition whose fate is unknown. ``held`` says which
    limit ended the run, ``trouble`` what went wrong.
    """

    edition: str
    state: EditionState
    due: int
    sent: int
    failed: int
    deferred: int
    skipped: dict[str, int] = field(default_factory=dict)
    in_doubt: int = 0
    seconds: float = 0.0
    trouble: str | None = None
    held: str | None = None

    @property
    def handled(self) -> int:
        return self.sent + self.failed + sum(self.skipped.values())

    def sentence(self) -> str:
        """The same, for a person."""
        parts = [
            f"{self.due} due: {self.sent} sent, {self.failed} failed, {self.deferred} deferred"
        ]
        parts += [f"{number} skipped ({reason})" for reason, number in self.skipped.items()]
        parts.append(f"{self.in_doubt} in doubt")
        return ", ".join(parts) + (f"; held back: {self.held}" if self.held else "")


def summarise(
    edition: Edition,
    before: counts.Count,
    after: counts.Count,
    not_yet_due: int,
) -> Summary:
    """What happened to an edition between two counts of its ledger; ``not_yet_due`` copies are left
    out."""

    def gained(state: DeliveryState) -> int:
        return after.of(state) - before.of(state)

    settled_before = before.of(DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.SKIPPED)
    skipped = {
        reason: number - before.skipped.get(reason, 0)
        for reason, number in after.skipped.items()
        if number > before.skipped.get(reason, 0)
    }
    return Summary(
        edition=edition.name,
        state=edition.state,
        due=sum(after.states.values()) - settled_before - not_yet_due,
        sent=gained(DeliveryState.SENT),
        failed=gained(DeliveryState.FAILED),
        deferred=after.of(*deliveries.UNSETTLED) - not_yet_due,
        skipped=skipped,
        in_doubt=after.of(DeliveryState.IN_DOUBT),
    )
