"""The question whether a reader who has not been heard of for long still wants their issues: a note
above the editors', with one link to answer by."""

from mailer.issue.notes import Block, Line, Note, Span
from mailer.localization import Language

ANSWER_WEEKS = 4
"""Weeks in which it may be answered, before the reader is paused."""


def above(note: Note | None, keep_url: str, language: Language) -> Note:
    """The question in the reader's language, with the editors' note below it; ``keep_url`` is where
    it is answered."""
    _ = language.text
    heading = _("Do you still want this?")
    why = _(
        "We have not heard from you for a while: no click, no answer, no visit. If you want to "
        "read on, say so with one click; whatever you click in this issue counts as well."
    )
    after = _(
        "If we hear nothing within %(weeks)s weeks, we pause your issues. You can start them again "
        "at any time.",
        weeks=ANSWER_WEEKS,
    )
    link = Span(_("Yes, keep them coming"), keep_url)
    blocks = (
        Block("heading", (Line((Span(heading),)),)),
        Block("paragraph", (Line((Span(why),)),)),
        Block("button", (Line((link,)),)),
        Block("paragraph", (Line((Span(after),)),)),
    )
    return Note(blocks + (() if note is None else note.blocks), dir=language.dir)
