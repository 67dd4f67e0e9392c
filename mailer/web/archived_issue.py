"""An edition as anybody may read it in the archive: what the editors said to everybody, and the
stories that most readers got, each as a card of the mail shows it.

Nothing of it is of a reader: no reason, no feedback, no note or sponsor of a segment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from mailer.issue import cards, notes, servings, wording
from mailer.issue.cards import LIMITS, Face
from mailer.issue.content import StoryContent
from mailer.issue.notes import Note
from mailer.localization import Language

_NO_REASON = wording.LeadReason(None)


@dataclass(frozen=True)
class ArchivedIssue:
    """``lead`` is None where nothing was sent; ``others`` are stories for which an issue has no
    place; ``reading_time`` is that of the cards, in words."""

    note: Note | None
    lead: Face | None
    cards: Sequence[Face]
    others: Sequence[Face]
    reading_time: str


def issue(
    stories: Sequence[StoryContent],
    note: str,
    language: Language,
    *,
    written_in: str,
    period: str,
    day: date,
    picks: int,
) -> ArchivedIssue:
    """The issue of the ``period`` that goes out on ``day``, from its ``stories``, those of most
    readers first, and the editors' ``note`` in Markdown. ``picks``: stories of an issue;
    ``written_in``: the language of the note, and of stories that do not say another."""
    _ = language.text

    def face(story: StoryContent, *, lead: bool) -> Face:
        archived = wording.from_archive(story.day, day, period)
        return cards.face(
            story,
            (),
            servings.serving_order(()),
            LIMITS,
            language,
            lead=lead,
            label=wording.label(_NO_REASON, language, archived=archived),
            urls=(story.link, "", ""),
            written_in=written_in,
        )

    faces = [face(story, lead=at == 0) for at, story in enumerate(stories)]
    shown = faces[:picks]
    return ArchivedIssue(
        note=notes.note([note], cards.foreign(written_in, language), _("From the editors")),
        lead=shown[0] if shown else None,
        cards=shown[1:],
        others=faces[picks:],
        reading_time=wording.reading_time(sum(one.words for one in shown), language),
    )
