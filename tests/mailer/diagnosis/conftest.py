"""The home of the tests of commands: the doctor looks at a whole installation."""

from tests.mailer.cli.conftest import filled as filled
from tests.mailer.cli.conftest import newsletter as newsletter
