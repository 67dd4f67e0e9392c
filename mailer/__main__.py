"""``python -m mailer`` is ``newsletter``."""

from mailer.cli import main

main()
