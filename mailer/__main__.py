"""The program: ``newsletter``, and ``python -m mailer``."""

from mailer import gc_tuning


def main() -> None:
    """Load what the command needs, and run it."""
    gc_tuning.pause_gc()
    from mailer import cli

    cli.main()


if __name__ == "__main__":
    main()
