"""Sends a planned edition to nobody: everything up to the relay, which takes each message at once.

    python benchmarks/scale_sending.py DATABASE_URL PERIOD

One sender of an edition on PostgreSQL, as `newsletter worker` is; several may run side by side. It
prints as JSON how many copies the edition has, the seconds and processor time this process needed,
its start left out, and its peak memory in MiB. ``scale.py --send`` starts it.
"""

import json
import resource
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mailer.delivery import campaign
from mailer.mime.message import Message
from mailer.relay import registry
from mailer.relay.transport import Verdict, VerdictKind
from recommender import settings as settings_module
from recommender.models import Edition
from recommender.settings.limits import Rates
from recommender.storage import database

ACCEPTED = Verdict(VerdictKind.ACCEPTED, "null", 250, "2.0.0", "ok", ".")


class NullConnection:
    """Takes every message at once."""

    open = True

    def ready(self) -> bool:
        return True

    def offer(self, message: Message, *, number: int) -> Verdict | None:
        return None

    def commit(self) -> Verdict:
        return ACCEPTED

    def abort(self) -> None:
        pass

    def close(self) -> None:
        pass


@dataclass(frozen=True)
class NullRelay:
    """A relay on this machine, so that it gets as many connections as a server would."""

    name: str = "null"
    key: str = "relay:null"
    host: str | None = "localhost"
    weight: int = 0
    rates: Rates = ()

    def connect(self, timeout: float) -> NullConnection:
        return NullConnection()

    def check(self, timeout: float) -> str:
        return "takes everything"


def main(url: str, period: str) -> None:
    registry.TRANSPORTS["null"] = lambda url, *, number, folder: NullRelay()  # noqa: ARG005
    with tempfile.TemporaryDirectory() as home:
        given = {
            "NEWSLETTER_HOME": home,
            "NEWSLETTER_DATABASE_URL": url,
            "NEWSLETTER_SMTP_URL": "null:",
        }
        settings = settings_module.load(None, given)
        engine = database.connect(settings.store_url)
        with database.reading(engine) as session:
            edition = session.scalars(sa.select(Edition.id).where(Edition.period == period)).one()
        started, busy = time.perf_counter(), time.process_time()
        summary = campaign.send(
            engine,
            settings,
            edition_id=edition,
            clock=lambda: datetime.now(UTC),
            stop=threading.Event(),
            at_local_time=False,
        )
        seconds, cpu = time.perf_counter() - started, time.process_time() - busy
        engine.dispose()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {"seconds": seconds, "cpu seconds": cpu, "memory": memory, "copies": summary.sent}
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
