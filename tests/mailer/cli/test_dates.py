from datetime import UTC, datetime, timedelta

import pytest

from mailer.cli import dates
from mailer.cli.common import Invocation
from recommender.errors import InputError
from recommender.settings import Settings


def test_a_moment_is_on_the_newsletters_clock_and_to_come() -> None:
    run = Invocation()
    run.__dict__["settings"] = Settings(timezone="Europe/Berlin")
    run.__dict__["now"] = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    assert dates.moment(run, "--until", "2026-11-25") == "2026-11-25T00:00:00+01:00"
    assert dates.moment(run, "--until", "2026-11-24T10:01") == "2026-11-24T10:01:00+01:00"
    assert dates.moment(run, "--until", "2026-11-24", end=True) == (
        "2026-11-24T23:59:59.999999+01:00"
    )
    assert dates.moment(run, "--until", "") == ""
    with pytest.raises(InputError, match="--until: 2026-11-24 09:59 is past"):
        dates.moment(run, "--until", "2026-11-24T09:59")
    now = run.now + timedelta(hours=1)
    assert datetime.fromisoformat(dates.moment(run, "--until", now.isoformat()) or "") == now


def test_a_day_is_a_date() -> None:
    assert f"{dates.day('--from', '2026-12-01')}" == "2026-12-01"
    assert dates.day("--from", None) is None
    with pytest.raises(InputError, match=r"--from: '1\.12\.' is no date"):
        dates.day("--from", "1.12.")
