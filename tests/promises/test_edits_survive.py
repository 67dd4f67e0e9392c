"""Whatever is imported, what editors have said holds: of every kind of source, in any order of
imports, removals, returns and edits."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from recommender.articles import catalogue, edits, import_files, intake, story_edits
from recommender.articles.story_edits import Pin, StoryEdits
from recommender.models import Article, Edit, EditKind
from recommender.storage import database
from recommender.story_text import LISTS, Image

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
PERIOD = "2026-W48"


@dataclass(frozen=True)
class Source:
    """A kind of file: the story's id in it, and how its text reads in a version. ``gone``: how the
    next file does without the story; None where a source cannot take one back."""

    file: str
    story: str
    text: Callable[[int], str]
    gone: Callable[[int], str] | None = None


def brief(version: int) -> str:
    topics = "\n".join(
        f"- {name}" for name in ("Chip Design", "AI Strategy")[:: 1 - version % 2 * 2]
    )
    return (
        f"How tides are told\nSummary\nThe moon of version {version} pulls the sea.\n"
        f"Key takeaway\nWait {version} hours.\nTopics\n{topics}\nBest for: CTO\n"
        f"URL: https://source.example.com/tides/{version}\n"
    )


def front_matter(version: int, *, draft: bool = False) -> str:
    return (
        f"---\ntitle: Tides, version {version}\ndate: 2026-11-2{version % 3}\n"
        f"draft: {str(draft).lower()}\ntags: [Chip Design]\n---\nThe sea of {version} comes back.\n"
    )


def digest(version: int, *, without: bool = False) -> str:
    """Two stories that change places from version to version."""
    stories = [
        {"id": name, "title": f"{name} {version}", "summary": f"Version {version} of {name}.",
         "url": f"https://source.example.com/{name}/{version}", "topics": ["AI Strategy"]}
        for name in ("tides", "winds")
    ]  # fmt: skip
    kept = [one for one in stories if not (without and one["id"] == "tides")]
    return json.dumps({"id": "week", "title": "Week", "stories": kept[:: 1 - version % 2 * 2]})


def feed(version: int) -> str:
    return (
        '<rss version="2.0"><channel><title>Sea</title><link>https://sea.example.com/</link><item>'
        f"<title>Tides {version}</title><guid>17</guid><link>https://sea.example.com/{version}</link>"
        f"<description>Version {version}.</description><category>C{version}</category></item>"
        "</channel></rss>"
    )


SOURCES = (
    Source("tides.txt", "tides/tides", brief),
    Source("tides.md", "tides/tides", front_matter, lambda n: front_matter(n, draft=True)),
    Source("week.jsonl", "week/tides", digest, lambda n: digest(n, without=True)),
    Source("sea.xml", "sea.example.com:17/sea.example.com:17", feed),
)

NAMES = st.lists(
    st.sampled_from(("AI Strategy", "Chip Design", "Brass Bands")), min_size=1, unique=True
)
PICTURE = {"url": "https://ours.example.com/sea.png", "alt": "The sea", "width": 800}
MOMENTS = st.sampled_from((-3, 3, 30)).map(lambda days: (NOW + timedelta(days=days)).isoformat())
SAID = st.one_of(
    st.tuples(st.just(EditKind.TITLE), st.sampled_from(("Ours", "Ours too"))),
    st.tuples(st.just(EditKind.TOPICS), NAMES),
    st.tuples(st.just(EditKind.ROLES), st.just(["Investor", "CTO"])),
    st.tuples(st.just(EditKind.SUMMARY), st.sampled_from(("Ours.", ""))),
    st.tuples(st.just(EditKind.TAKEAWAY), st.just("Ours to take away.")),
    st.tuples(
        st.sampled_from((EditKind.INSIGHTS, EditKind.PRACTICE)),
        st.sampled_from((["Ours", "Ours too"], [])),
    ),
    st.tuples(st.just(EditKind.IMAGE), st.sampled_from((PICTURE, {}))),
    st.tuples(st.just(EditKind.URL), st.just("https://ours.example.com/")),
    st.tuples(st.sampled_from((EditKind.NOT_BEFORE, EditKind.NOT_AFTER)), MOMENTS),
    st.tuples(st.just(EditKind.HOLD), st.one_of(st.none(), MOMENTS)),
    st.tuples(st.just(EditKind.PIN), st.sampled_from((Pin(), Pin(PERIOD), Pin(None, "few")))),
    st.just(("release", None)),
    st.just(("take back", None)),
)
DONE = st.one_of(
    st.tuples(st.just("import"), st.integers(0, 5)),
    st.tuples(st.just("import"), st.integers(0, 5)),
    st.tuples(st.just("remove"), st.integers(0, 5)),
    st.tuples(st.just("say"), SAID),
)


@dataclass
class Desk:
    """A store, a source, and what was said of its story as it should be held."""

    engine: Engine
    folder: Path
    source: Source
    said: StoryEdits = field(default_factory=StoryEdits)
    shown: bool = True
    rows: int = 0

    def bring(self, text: str) -> None:
        path = self.folder / self.source.file
        path.write_text(text)
        found = import_files.drafts([path], NOW)
        report = intake.import_articles(lambda: database.writing(self.engine), found, now=NOW)
        assert report.rejected == []

    def say(self, what: tuple[Any, Any]) -> None:
        kind, value = what
        with database.writing(self.engine) as session:
            row = edits.find(session, self.source.story)
            if kind == "release":
                edits.release(session, row, by="editor", now=NOW)
                self.said = replace(self.said, held=False, held_until=None, pins=[])
            elif kind == "take back":
                taken = [EditKind.TITLE, EditKind.URL, EditKind.SUMMARY, EditKind.IMAGE]
                edits.end(session, row, taken, by="editor", now=NOW)
                parts = {name: one for name, one in self.said.parts.items() if name not in taken}
                self.said = replace(self.said, title=None, url=None, parts=parts)
            elif kind == EditKind.PIN:
                edits.make(session, row, kind, by="editor", now=NOW, pin=value)
                self.said.pins = [*(pin for pin in self.said.pins if pin != value), value]
            else:
                edits.make(session, row, kind, value, by="editor", now=NOW)
                self._note(kind, value)

    def _note(self, kind: EditKind, value: Any) -> None:
        moment = None if value is None or isinstance(value, list) else value
        if kind in (EditKind.HOLD, EditKind.NOT_BEFORE, EditKind.NOT_AFTER):
            moment = None if value is None else datetime.fromisoformat(value)
        if kind == EditKind.HOLD:
            self.said = replace(self.said, held=True, held_until=moment)
        elif kind in story_edits.PARTS:
            if kind == EditKind.IMAGE:
                self.said.parts["image"] = Image(**value) if value else None
            else:
                self.said.parts[kind.value] = tuple(value) if kind in LISTS else value
        else:
            self.said = replace(self.said, **{kind.value: moment or value})

    def check(self) -> None:
        """What is held, and what readers would see, is what was said."""
        with database.reading(self.engine) as session:
            row = edits.find(session, self.source.story)
            held = edits.current(session, NOW).get(row.id, StoryEdits())
            assert held == self.said
            made = session.scalar(sa.select(sa.func.count(Edit.id)))
            assert (made or 0) >= self.rows  # and nothing that was ever said is lost
            self.rows = made or 0
            found = catalogue.load(session, now=NOW, horizon_days=400, period=PERIOD)
            self._check_shown(session, row.id, found)

    def _check_shown(self, session: Session, row: int, found: catalogue.Catalogue) -> None:
        story = next((one for one in found.candidates if one.id == str(row)), None)
        if not (self.shown and self.said.open_at(NOW)):
            assert story is None
            return
        assert story is not None
        document = found.documents[story.id]
        if self.said.title is not None:
            assert (story.title, document["title"]) == (self.said.title, self.said.title)
        if self.said.url is not None:
            assert document["url"] == self.said.url
        for name, value in self.said.parts.items():
            assert getattr(story, name) == value
            shown = value.document() if isinstance(value, Image) else value
            assert document[name] == shown
        if self.said.topics is not None:
            assert list(story.topics) == document["topics"] == self.said.topics
        if self.said.roles is not None:
            assert list(story.roles) == self.said.roles
        assert story.must_read is self.said.pinned(None, PERIOD)
        assert story.pinned_for == self.said.pinned_for(None, PERIOD)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(SOURCES), st.lists(DONE, min_size=2, max_size=8))
def test_no_import_of_any_source_changes_what_editors_said(
    store_asked_for: Engine, tmp_path: Path, source: Source, done: list[tuple[str, Any]]
) -> None:
    with database.writing(store_asked_for) as session:
        session.execute(sa.delete(Article))
    desk = Desk(store_asked_for, tmp_path, source)
    desk.bring(source.text(0))
    for act, value in done:
        if act == "say":
            desk.say(value)
        elif act == "import":
            desk.bring(source.text(value))
            desk.shown = True
        elif source.gone is not None:
            desk.bring(source.gone(value))
            desk.shown = False
        desk.check()
