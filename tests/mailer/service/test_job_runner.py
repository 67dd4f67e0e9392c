"""Jobs that fail are noted and do not stop the next one."""

from datetime import UTC, datetime

from sqlalchemy.engine import Engine

from mailer.monitoring.supervision import Troubles
from mailer.service.job_runner import Runner
from tests.promises.conftest import configured as configured
from tests.promises.conftest import home as home


def test_a_job_that_raises_is_noted_and_the_next_one_runs(store: Engine) -> None:
    said: list[str] = []
    runner = Runner(store, lambda: datetime.now(UTC), Troubles(said.append), said.append)

    def broken() -> str | None:
        raise RecursionError("too deep")

    runner.run("deliver", broken)
    runner.run("deliver", broken)
    assert runner.known()["deliver"].error == "too deep"
    runner.run("deliver", lambda: None)
    assert runner.known()["deliver"].error is None
    assert said == ["error: deliver: too deep", "deliver: well again after 0 s"]
