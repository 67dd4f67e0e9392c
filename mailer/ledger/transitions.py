"""Which states a delivery may go from and to: the table in docs/ledger.md, as a value.

``ledger`` builds the condition of every write from it, so any other change finds no row.
"""

from recommender.models import DeliveryState

_S = DeliveryState
TRANSITIONS: dict[DeliveryState, tuple[DeliveryState, ...]] = {
    _S.PLANNED: (_S.CLAIMED, _S.SKIPPED),
    _S.DEFERRED: (_S.CLAIMED, _S.SKIPPED),
    _S.CLAIMED: (_S.ON_WIRE, _S.FAILED, _S.DEFERRED, _S.PLANNED),
    _S.ON_WIRE: (_S.SENT, _S.FAILED, _S.DEFERRED, _S.IN_DOUBT, _S.PLANNED),
    _S.IN_DOUBT: (_S.PLANNED, _S.SENT, _S.FAILED, _S.DEFERRED),
    _S.SENT: (),
    _S.FAILED: (),
    _S.SKIPPED: (),
}
FIRST = (_S.PLANNED, _S.SKIPPED)
"""How planning writes them."""


def before(state: DeliveryState) -> list[DeliveryState]:
    """The states from which ``state`` can be reached."""
    return [earlier for earlier, later in TRANSITIONS.items() if state in later]
