"""``newsletter picks`` and ``newsletter preview``: what one reader gets next, and why."""

from pathlib import Path
from typing import Annotated, Any

import typer

from mailer.cli.common import Json, console, emit, invocation, say, warn
from mailer.edition import schedule
from mailer.preview import past_issues, reader_issues, upcoming
from recommender.ranking.values import ReasonKind
from recommender.safety import private_files
from recommender.storage import database
from recommender.subscribers import records

Reader = Annotated[str, typer.Argument(help="The reader's address.")]
WORDS: dict[ReasonKind, str] = {
    "topic": "topic",
    "role": "role",
    "text": "words",
    "history": "read before",
    "fresh": "new",
    "must_read": "editor's choice",
    "explore": "something else",
}
ANSWERS = {"more": "more like this", "less": "less like this", "click": "read"}


def picks(
    context: typer.Context,
    email: Reader,
    explain: Annotated[bool, typer.Option(help="Show every reason with its share.")] = False,
    story: Annotated[
        str | None, typer.Option(help="Explain this story (its id, or article/story), too.")
    ] = None,
    period: Annotated[
        str | None,
        typer.Option(help="such as 2026-W47: what the reader got then, and why."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what a reader gets next and why; with --explain also the runners-up and why not.

    Example: newsletter picks hardware@example.com --explain
    """
    run = invocation(context)
    if period is not None and story is not None:
        raise typer.BadParameter("--story explains the next issue; leave --period away with it")
    with run.store() as engine, database.reading(engine) as session:
        if period is None:
            answer = reader_issues.next_picks(
                session, run.settings, email, now=run.now, story=story
            )
        else:
            week = schedule.check_period(period, run.settings.schedule)
            answer = past_issues.picks(session, run.settings, email, week)
    if as_json:
        emit(answer)
        return
    _show(answer, explain=explain)


def _show(answer: dict[str, Any], *, explain: bool) -> None:
    from rich.text import Text

    say(f"{answer['edition']} for {answer['subscriber']}{_fate(answer.get('delivery'))}")
    if answer.get("not_mailed"):
        say(f"not mailed at present: {answer['not_mailed']}")
    if not answer["picks"] and "delivery" not in answer:
        why = "nothing is relevant enough, or new to them: no issue is sent"
        say(why if explain else f"{why} (--explain says why not)")
    for pick in answer["picks"]:
        say()
        console().print(
            Text(f"{pick['position']:>2}. ", "bold"), Text(pick["title"], "bold"), sep=""
        )
        say(f"    {pick['article']} · score {pick['score']:.3f}")
        _reasons(pick["reasons"] if explain else pick["reasons"][:1], bars=explain)
        for told in pick.get("elsewhere", ()):
            where = f"{told['number']} of {told['of']}" if told["number"] else "the digest says"
            say(f"    in its digest ({where}): {told['text']}")
        for given in pick.get("answers", ()):
            say(f"    the reader's answer: {ANSWERS[given]}")
    if explain and answer["runners_up"]:
        say()
        say("Not chosen")
        for other in answer["runners_up"]:
            say(f"  – {other['title']} (score {other['score']:.3f}): {other['why']}")
    if explain:
        _learned(answer["learned_from"])
    if answer.get("story"):
        asked = answer["story"]
        say()
        say(f"{asked['title']} (score {asked['score']:.3f}): {asked['why']}")
        _reasons(asked["reasons"], bars=True)


def _fate(delivery: dict[str, Any] | None) -> str:
    """What became of a copy: its state, why, and when."""
    if delivery is None:
        return ""
    why = f", {delivery['reason']}" if delivery["reason"] else ""
    when = f" {delivery['settled_at']:%Y-%m-%d %H:%M} UTC" if delivery["settled_at"] else ""
    return f": {delivery['state']}{why}{when}"


def _reasons(reasons: list[dict[str, Any]], *, bars: bool) -> None:
    for reason in reasons:
        bar = f"{'█' * round(reason['share'] * 20):<20} {reason['share']:>4.0%}  " if bars else ""
        kind = ANSWERS.get(str(reason.get("answer")), WORDS[reason["kind"]])
        say(f"    {bar}{kind}: {reason['detail']}")


def _learned(answers: list[dict[str, Any]]) -> None:
    """The answers this choice has learned from."""
    if answers:
        say()
        say("Learned from")
    for answer in answers:
        what = f"nothing of {answer['topic']}" if answer["kind"] == "mute" else answer["story"]
        kind = "" if answer["kind"] == "mute" else f"{ANSWERS[answer['kind']]}: "
        say(f"  – {answer['at']:%Y-%m-%d} {kind}{what}")


def preview(
    context: typer.Context,
    email: Reader,
    html: Annotated[Path | None, typer.Option(help="Write the HTML here.")] = None,
    text: Annotated[Path | None, typer.Option(help="Write the plain text here.")] = None,
    eml: Annotated[Path | None, typer.Option(help="Write the whole message here.")] = None,
) -> None:
    """Make a reader's next issue without sending it; prints the plain text unless told otherwise.

    Example: newsletter preview hardware@example.com --html issue.html
    """
    run = invocation(context)
    with run.store() as engine, database.reading(engine) as session:
        issue = reader_issues.next_issue(session, run.settings, email, now=run.now)
        reader = records.find(session, email)
        why = upcoming.why_not_mailed(session, run.settings, reader)
    if why:
        warn(f"{email} is not mailed at present: {why}")
    if html is not None:
        private_files.write(html, issue.html)
    if text is not None:
        private_files.write(text, issue.text)
    if eml is not None:
        private_files.write(eml, issue.message.data)
    if html is None and text is None and eml is None:
        say(f"Subject: {issue.subject}")
        say()
        say(issue.text)
    for path in (html, text, eml):
        if path is not None:
            say(str(path))
