"""A certificate is judged as browsers do, and one that cannot be reached says nothing."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailer.monitoring import certificates as asking
from tests.mailer.conftest import ScriptedServer


def test_what_expires_has_expired_or_is_not_trusted_is_said(
    serve: Callable[..., ScriptedServer], certificates: tuple[ssl.SSLContext, Path]
) -> None:
    url = f"https://127.0.0.1:{serve(context=certificates[0], implicit_tls=True).port}/letter"
    trusting = ssl.create_default_context(cafile=certificates[1])
    now = datetime.now(UTC)
    problems = []
    for days in (-30, 0, 2):
        found = asking.ask(url, now + timedelta(days=days), 5, trusting)
        assert found is not None
        assert found.until is not None
        problems.append(found.problem and found.problem[:33])
    assert problems == [
        None,
        "has a certificate that expires on",
        "has a certificate that has expire",
    ]
    strange = asking.ask(url, now, 5)
    assert strange is not None
    assert strange.problem == "has a certificate that browsers refuse: self-signed certificate"


def test_what_cannot_be_reached_or_has_none_says_nothing() -> None:
    now = datetime.now(UTC)
    assert asking.ask("https://127.0.0.1:9", now, 1) is None
    assert asking.ask("http://127.0.0.1:9", now, 1) is None
