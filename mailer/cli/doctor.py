"""``newsletter doctor``: is everything ready to send?"""

from typing import Annotated

import typer

from mailer.cli.common import Json, emit, invocation, say
from mailer.diagnosis import dns_lookup, examination

Strict = Annotated[
    bool,
    typer.Option("--strict", help="Before going live: ask for more, and fail on any warning."),
]


def doctor(context: typer.Context, strict: Strict = False, as_json: Json = False) -> None:
    """Check settings, files, sender authentication, store, relay, content, readers, and messages.

    Each finding says what to do. Ends with 1 on an error, with --strict on a warning, too.

    Example: newsletter doctor --strict
    """
    run = invocation(context)
    resolver = dns_lookup.system_resolver()
    findings = examination.examine(run.settings, run.file, run.now, resolver, strict=strict)
    passed = examination.passed(findings, strict=strict)
    if as_json:
        checks = [
            {
                "state": one.state,
                "what": one.what,
                "found": one.found,
                "what_to_do": one.what_to_do or None,
            }
            for one in findings
        ]
        emit({"checks": checks, "passed": passed})
    else:
        for one in findings:
            say(f"{one.state:<8} {one.what}: {one.words}")
    if not passed:
        raise typer.Exit(1)
