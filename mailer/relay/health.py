"""How each relay has been doing, and which is to be tried first.

A relay that cannot be used is left alone for a while, longer each time (a circuit breaker); so is
one that asks for less, which is no failure. Relays with a weight share the messages in proportion;
the others are in reserve, in their order. It opens no connection.
"""

from collections.abc import Callable
from dataclasses import dataclass

from mailer.relay.transport import Relay
from recommender.errors import TransportError

FIRST_PAUSE = 5.0
LONGEST_PAUSE = 300.0
FIRST_REST = 1.0
"""Seconds a relay is left alone when it first asks for less."""
STRIKES = 3
"""Failures in a row, with nothing accepted in between, before a relay is left alone."""
RESTART = 60.0
"""For how many seconds one waits for a relay that has worked until now."""


@dataclass
class _Standing:
    """How a relay has been doing. ``strikes``, ``pauses`` and ``rests`` are counted since it last
    worked; ``served`` grows by 1/weight with each message."""

    relay: Relay
    strikes: int = 0
    pauses: int = 0
    rests: int = 0
    not_before: float = float("-inf")
    rests_until: float = float("-inf")
    why: str = ""
    served: float = 0.0
    worked_at: float = float("-inf")


class RelayHealth:
    """What all connections of a sender know of the relays; all lanes of a thread share it."""

    def __init__(self, relays: tuple[Relay, ...], monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._all = {relay: _Standing(relay) for relay in relays}
        self._turn = 0.0

    def groups(self) -> list[list[Relay]]:
        """Relays in the order in which to try them; those of one group share the messages.

        Start-time fair queueing (Goyal, Vin and Cheng 1996): who has been served least for its
        weight comes first, and one that was away has no claim to what it missed.
        """
        sharing = [relay for relay in self._all if relay.weight]
        sharing.sort(key=lambda relay: max(self._turn, self._all[relay].served))
        return [sharing] * bool(sharing) + [[r] for r in self._all if not r.weight]

    def serves(self, relay: Relay) -> None:
        """``relay`` is offered a message."""
        if relay.weight:
            standing = self._all[relay]
            self._turn = max(self._turn, standing.served)
            standing.served = self._turn + 1 / relay.weight

    def usable(self, relay: Relay) -> bool:
        """Whether ``relay`` is not being left alone because of failures."""
        return self._all[relay].not_before <= self._monotonic()

    def rests(self, relay: Relay) -> float:
        """For how many seconds ``relay`` is to be spared, because it asked for less."""
        return max(0.0, self._all[relay].rests_until - self._monotonic())

    def works(self, relay: Relay) -> None:
        standing = self._all[relay]
        standing.strikes = standing.pauses = standing.rests = 0
        standing.worked_at = self._monotonic()
        standing.not_before, standing.why = float("-inf"), ""

    def strike(self, relay: Relay, why: str) -> None:
        """A connection was lost, or the relay said it would not work for us; too many in a row,
        and it is left alone."""
        standing = self._all[relay]
        standing.strikes += 1
        if standing.strikes >= STRIKES:
            self._leave_alone(standing, f"relay {relay.name}: {why}")

    def broken(self, relay: Relay, why: str) -> None:
        """No connection can be made, for the reason ``why``, which names the relay: it is left
        alone at once."""
        self._leave_alone(self._all[relay], why)

    def spare(self, relay: Relay, seconds: float | None = None) -> None:
        """The relay asked for less, and for so many ``seconds`` if it said for how long."""
        standing, now = self._all[relay], self._monotonic()
        if standing.rests_until <= now:  # else another connection has heard the same
            rest = min(FIRST_REST * 2**standing.rests, LONGEST_PAUSE)
            standing.rests_until = now + max(rest, seconds or 0.0)
            standing.rests += 1

    def back_in(self) -> float | None:
        """Seconds until a server is tried again that worked a moment ago, and may just be starting
        again; None when there is none."""
        now = self._monotonic()
        servers = [one for one in self._all.values() if one.relay.host is not None]
        again = [one.not_before for one in servers if now < one.worked_at + RESTART]
        return max(0.0, min(again) - now) if again else None

    def trouble(self) -> TransportError:
        """Why no relay can be used."""
        whys = (standing.why for standing in self._all.values())
        return TransportError("; ".join(why for why in whys if why))

    def _leave_alone(self, standing: _Standing, why: str) -> None:
        now = self._monotonic()
        standing.why = why
        if standing.not_before > now:
            return  # another connection has come to the same conclusion
        standing.not_before = now + min(FIRST_PAUSE * 2**standing.pauses, LONGEST_PAUSE)
        standing.pauses += 1
