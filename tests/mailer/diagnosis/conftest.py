"""The home of the tests of commands: the doctor looks at a whole installation."""

import pytest

from tests.mailer.cli.conftest import filled as filled
from tests.mailer.cli.conftest import newsletter as newsletter


@pytest.fixture(autouse=True)
def _no_settings_of_the_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor names variables that set nothing, and the suite has some of its own."""
    for name in ("NEWSLETTER_TEST_READERS", "NEWSLETTER_TEST_PARSER_SECONDS"):
        monkeypatch.delenv(name, raising=False)
