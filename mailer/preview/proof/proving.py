"""Makes a proof: shares the readers out to processes, adds up what they count, and renders the
copies that shall be looked at."""

import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy.engine import Engine

from mailer import process_group
from mailer.preview.proof import counting, links
from mailer.preview.proof.counting import SAMPLE, Asked, Opened, Part
from mailer.preview.proof.tally import Broken, Example, Tally, ordered
from mailer.process_group import ProcessGroup
from mailer.rendering.templates import Rendered
from recommender import segments
from recommender.errors import NewsletterError
from recommender.storage import database

WORTH_A_PROCESS = 3
"""Runs of readers; it takes as long to start a process as to count them."""
MOST_ROLES = 24
"""Roles, those with the most readers, of which an issue is shown."""


@dataclass(frozen=True)
class Look:
    """One copy to look at: whom it stands for, of how many readers."""

    label: str
    readers: int
    email: str
    name: str
    copy: Rendered


@dataclass(frozen=True)
class StoryReach:
    """How many readers a story reaches; ``why`` says what keeps it from all of them."""

    id: str
    title: str
    readers: int
    url: str | None
    why: str


@dataclass(frozen=True)
class Proof:
    """All that is to be looked at before an edition is sent."""

    edition: str
    title: str
    segment: str | None
    planned: bool
    tally: Tally
    stories: Sequence[StoryReach]
    looks: Sequence[Look]
    more_roles: int
    findings: Sequence[Broken]
    seconds: float

    @property
    def failed(self) -> bool:
        return any(one.severity == "error" for one in self.findings)

    def document(self) -> dict[str, Any]:
        """The proof for a machine."""
        return {
            "edition": self.edition,
            "segment": self.segment,
            "planned": self.planned,
            "readers": self.tally.readers,
            "with_issue": self.tally.with_issue,
            "without": dict(ordered(self.tally.without)),
            "stories": [
                {"id": story.id, "title": story.title, "readers": story.readers}
                for story in self.stories
            ],
            "checked": self.tally.checked,
            "largest_html": self.tally.largest,
            "findings": [
                {
                    "rule": one.rule,
                    "severity": one.severity,
                    "what": one.what,
                    "messages": one.messages,
                }
                for one in self.findings
            ],
            "seconds": self.seconds,
        }


def prove(
    engine: Engine,
    asked: Asked,
    *,
    processes: int = 1,
    check_links: bool = False,
    stop: threading.Event | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Proof:
    """A proof of the edition that is asked for. Raises NotFoundError for an unknown segment,
    NewsletterError when nobody is in its audience."""
    began = time.monotonic()
    tally = _counted(engine, asked, processes, stop or threading.Event(), progress)
    untracked = replace(asked, settings=asked.settings.replace(tracking=False))
    with database.reading(engine) as session:
        edition = counting.opened(session, untracked)  # links of what is looked at work
        names = [one.name for one in segments.listing(session)]
        session.expunge_all()
    stories = _reach(edition, tally)
    findings = list(tally.broken.values())
    if check_links:
        findings += links.dead(
            {one.url: one.readers for one in stories if one.url and one.readers},
            private=asked.settings.feeds_private,
        )
    looks, more = _looks(edition, tally, names)
    return Proof(
        edition=f"{asked.settings.newsletter}-{asked.period}",
        title=asked.settings.title,
        segment=asked.segment,
        planned=edition.planned is not None,
        tally=tally,
        stories=stories,
        looks=looks,
        more_roles=more,
        findings=sorted(findings, key=lambda one: (one.severity, -one.messages, one.rule)),
        seconds=round(time.monotonic() - began, 1),
    )


def _counted(
    engine: Engine,
    asked: Asked,
    processes: int,
    stop: threading.Event,
    progress: Callable[[int], None],
) -> Tally:
    """The tally of everybody who is asked for."""
    with database.reading(engine) as session:
        runs = counting.ranges(session, asked)
    if not runs:
        whom = f"of the segment {asked.segment!r} " if asked.segment else ""
        raise NewsletterError(f"no reader {whom}can be mailed; `newsletter subscribers list`")
    every = max(1, sum(number for _, _, number in runs) // SAMPLE)
    spans = [(first, last) for first, last, _ in runs]
    helpers = max(1, min(processes, len(spans) // WORTH_A_PROCESS))
    if helpers == 1:
        part = Part(asked, spans, every, Path())
        tally = counting.count(engine, part, stopped=stop.is_set, progress=progress)
    else:
        tally = _shared(asked, [spans[at::helpers] for at in range(helpers)], every, stop, progress)
    if stop.is_set():
        raise NewsletterError("stopped before everybody was counted; nothing was recorded")
    return tally


def _shared(
    asked: Asked,
    shares: Sequence[Sequence[counting.Range]],
    every: int,
    stop: threading.Event,
    progress: Callable[[int], None],
) -> Tally:
    """The tally of all, each share counted by a process."""
    with tempfile.TemporaryDirectory(prefix="newsletter-proof-") as folder:
        parts = [
            Part(asked, share, every, Path(folder) / f"{number}.json")
            for number, share in enumerate(shares)
        ]
        group = ProcessGroup([process_group.start(part) for part in parts])
        try:
            group.work(stop, progress)
        finally:
            group.end()
        if group.trouble or group.died:
            raise NewsletterError(group.trouble or "a process that counted readers was killed")
        total = Tally()
        for part in parts:
            total.add(msgspec.json.decode(part.out.read_bytes(), type=Tally))
    return total


def _reach(edition: Opened, tally: Tally) -> list[StoryReach]:
    """Every story that could be chosen, those of most readers first."""
    ranker = edition.ranker.ranker
    stands_for = {
        other: story.id
        for story, others in zip(ranker.candidates, ranker.also, strict=True)
        for other in others
    }
    found = []
    for story in ranker.candidates:
        document = edition.stories.documents[story.id]
        content = edition.factory.stories[story.id]
        other = edition.stories.documents.get(stands_for.get(story.id, ""))
        found.append(
            StoryReach(
                id=f"{document['article']}/{document['story']}",
                title=content.title or content.article_title,
                readers=tally.stories.get(story.id, 0),
                url=content.link,
                why=f"like “{other['title']}”" if other else "",
            )
        )
    return sorted(found, key=lambda one: (-one.readers, one.id))


def _looks(edition: Opened, tally: Tally, names: Sequence[str]) -> tuple[list[Look], int]:
    """An issue of each segment, then of the roles with the most readers; how many roles are left
    out."""
    roles = [
        (key, number) for key, number in ordered(tally.groups) if not key.startswith("segment:")
    ]
    groups = [(f"segment:{name}", tally.groups.get(f"segment:{name}", 0)) for name in names]
    shown = [*groups, *roles[:MOST_ROLES]]
    chosen = examples_apart({key: tally.examples[key] for key, _ in shown if key in tally.examples})
    looks: list[Look] = []
    for key, number in shown:
        if key in chosen:
            example = chosen[key]
            copy = edition.factory.page(counting.request(example))
            kind, _, name = key.partition(":")
            label = f"{kind} {name}" if name else "no role stated"
            looks.append(Look(label, number, example.email, example.name, copy))
    return looks, max(0, len(roles) - MOST_ROLES)


def examples_apart(of_groups: Mapping[str, Sequence[Example]]) -> dict[str, Example]:
    """A reader of each group: another one in each, with another name, as far as there are some.
    Groups with few to choose from choose first."""
    chosen: dict[str, Example] = {}
    for key, examples in sorted(of_groups.items(), key=lambda item: len(item[1])):
        emails = {one.email for one in chosen.values()}
        names = {one.name for one in chosen.values() if one.name}
        chosen[key] = min(examples, key=lambda one: (one.email in emails, one.name in names))
    return chosen
