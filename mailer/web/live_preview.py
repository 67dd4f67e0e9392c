"""A look at the next issue with choices that are not saved: a part of a page, or the page's own.

With JavaScript the part is asked for while topics are ticked; without it a button shows the same.
"""

from dataclasses import dataclass

from starlette.responses import Response

from mailer.issue import cards, wording
from mailer.issue.cards import Part
from mailer.web.preferences_form import PreferencesForm
from mailer.web.site import Site
from recommender.models import Subscriber


@dataclass(frozen=True)
class Line:
    """One story as a preview shows it; of the first also the ``part`` that serves the reader."""

    title: str
    source: str
    why: str
    language: str | None
    dir: str
    part: Part | None


def lines(site: Site, reader: Subscriber | None, chosen: PreferencesForm) -> list[Line] | None:
    """The next issue of ``reader``, or of a stranger, if this were chosen; None when too many look
    at once."""
    known = bool(chosen.roles or chosen.topics)
    found = site.previews.picks(
        reader,
        roles=chosen.roles,
        topics=chosen.topics,
        languages=chosen.values.get("languages"),
        now=site.clock(),
    )
    if found is None:
        return None
    told: set[str] = set()
    shown: list[Line] = []
    for one in found:
        why = _why(wording.lead_reason(one.reasons), site, known=known)
        story = one.story
        shown.append(
            Line(
                story.title,
                story.source or "",
                "" if why in told else why,  # what was said of one is not said of the next again
                story.language,
                story.dir,
                None if shown else cards.part_for(story, chosen.roles, site.language),
            )
        )
        told.add(why)
    return shown


def _why(reason: wording.LeadReason, site: Site, *, known: bool) -> str:
    return wording.label(reason, site.language) or wording.why(reason, site.language, known=known)


def part(site: Site, found: list[Line]) -> Response:
    """The list alone, for the script."""
    return site.page("preview.html", preview=found)


def busy(site: Site) -> Response:
    """Too many look at once."""
    _ = site.language.text
    return site.notice(
        _("One moment, please"),
        _("Many readers are looking ahead right now. Please try again in a few seconds."),
        status=503,
        headers={"Retry-After": "5"},
    )
