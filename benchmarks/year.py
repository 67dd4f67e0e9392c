"""A year of a newsletter in simulation: readers with tastes that nobody told, and that drift.

Every week new stories are imported, the edition is planned as the product plans it, and readers
answer by the product's own ways: clicks that are judged, "more" and "less". How a reader looks at
an issue and what they like is known here and nowhere else. Run three times: with tracking, without
it on "more" and "less" alone, and with readers who answer nothing, so that what tastes and weeks
change is told from what is learned. A tenth of the readers is held out and gets the house digest,
which is the named reference. Prints clicks that are to be expected a copy (with or without
tracking, readers go to the stories) at the beginning and at the end, by class of readers; what an
ideal learner would make of the same answers (``ideal_learner.py``); and draws the year.

The text is that of a folder with articles.jsonl (title, summary, topics), or made.
Run: python benchmarks/year.py [FOLDER] [--readers 2000] [--weeks 52] [--stories 30] [--seed 1]
     [--svg FILE]
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from html import escape
from pathlib import Path

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy.engine import Engine

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import ideal_learner
from benchmarks.simulated_readers import (
    CLASSES,
    START,
    Readers,
    Stream,
    answers,
    chances,
    readers,
    stream,
)
from mailer.delivery import campaign
from mailer.engagement import feedback
from mailer.engagement.feedback import Click
from mailer.reports import gain
from recommender import store_opening
from recommender.articles import intake as articles
from recommender.articles.values import ParsedArticle
from recommender.evaluation.intervals import bootstrap
from recommender.models import Delivery, DeliveryState, Edition, EditionStory, Property
from recommender.settings import Settings
from recommender.storage import database
from recommender.storage.properties import ADDRESS_SALT
from recommender.subscribers import fields, intake

QUARTER, HORIZON = 13, 21
TRACKED, UNTRACKED, CONTROL = "with tracking", "answers alone", "nothing learned"
Numbers = npt.NDArray[np.float64]


@dataclass
class Year:
    """Clicks that were to be expected a copy (readers × weeks, NaN without a copy), who is held
    out, and what the product's own report said of the gain in the end."""

    expected: Numbers
    house: npt.NDArray[np.bool_]
    classes: npt.NDArray[np.str_]
    certain: list[int] = field(default_factory=list)
    report: str = ""

    def mean(self, who: npt.NDArray[np.bool_], first: int, last: int) -> float:
        return float(np.nanmean(self.expected[who, first:last]))


def simulate(
    engine: Engine, given: Stream, who: Readers, settings: Settings, seed: int, *, answer: bool
) -> Year:
    draws, turns = np.random.default_rng([seed, 7]), np.random.default_rng([seed, 8])
    number, weeks = len(who.eager), len(given.weeks)
    who = replace(who, tastes=who.tastes.copy())
    drafts = [
        fields.draft(n, {"email": f"r{n}@example.org", "topics": dict(topics)})
        for n, topics in enumerate(who.stated)
    ]
    before = START - timedelta(days=1)
    intake.import_rows(lambda: database.writing(engine), drafts, file="readers", now=before)
    year = Year(np.full((number, weeks), np.nan), np.zeros(number, bool), np.array(who.classes))
    for week, stories in enumerate(given.weeks):
        now = START + timedelta(weeks=week)
        found = [ParsedArticle(draft, "stream", n) for n, draft in enumerate(stories, 1)]
        articles.import_articles(lambda: database.writing(engine), found, now=now)
        period = f"{now.isocalendar().year}-W{now.isocalendar().week:02}"
        edition = campaign.plan(engine, settings, period=period, now=now)
        _answer(engine, edition, week, now, Answering(given, who, year, settings, draws, answer))
        who.drift(turns)
        with database.reading(engine) as session:
            document = gain.gain(session, session.get_one(Edition, edition))
        if document is not None:
            year.report = gain.sentence(document)
            if document["certain"]:
                year.certain.append(week + 1)
    return year


@dataclass(frozen=True)
class Answering:
    """What it takes to answer an edition, or with ``answer`` false to read it in silence."""

    stream: Stream
    who: Readers
    year: Year
    settings: Settings
    draws: np.random.Generator
    answer: bool


def _answer(engine: Engine, edition: int, week: int, now: datetime, by: Answering) -> None:
    """Let every copy be sent, and every reader answer theirs."""
    with database.writing(engine) as session:
        session.execute(
            sa.update(Delivery)
            .where(Delivery.edition_id == edition, Delivery.state == DeliveryState.PLANNED)
            .values(state=DeliveryState.SENT, settled_at=now)
        )
        keys: dict[int, str] = dict(
            session.execute(
                sa.select(EditionStory.story_id, EditionStory.content["article"].as_string())
                .where(EditionStory.edition_id == edition)
            ).all()
        )  # fmt: skip
        query = sa.select(Delivery).where(Delivery.edition_id == edition).order_by(Delivery.id)
        copies = [copy for copy in session.scalars(query) if copy.story_ids]
        clicks = []
        for copy in copies:
            row = copy.subscriber_id - 1
            by.year.house[row] = copy.arm == "house"
            about = np.array([by.stream.about[keys[story]] for story in copy.story_ids])
            liking = np.minimum(about @ by.who.tastes[row], 1.0)
            likely = chances(liking, by.who.eager[row])
            by.year.expected[row, week] = likely.read.sum()
            given = answers(likely, by.draws)
            if not by.answer:
                continue
            for place, story in enumerate(copy.story_ids):
                if by.settings.tracking and given.read[place]:
                    at = now + timedelta(hours=1, minutes=5 * place)
                    clicks.append((copy.id, Click(at, story, "GET", "Mozilla/5.0")))
                if given.more[place]:
                    feedback.record_feedback(session, copy, story, "more", now + timedelta(hours=2))
                elif given.less[place]:
                    feedback.record_feedback(session, copy, story, "less", now + timedelta(hours=2))
        feedback.record_clicks(session, clicks)


def tell(name: str, year: Year, silent: Year, ideal: Mapping[str, Numbers]) -> float:
    """Print a year beside the same weeks of ``silent`` readers, of whom nothing is learned, and the
    expected clicks of an ``ideal`` learner by arm; the gain of personal issues over the house
    digest in its second half, in clicks a copy."""
    weeks, personal = year.expected.shape[1], ~year.house
    last, half = max(weeks - QUARTER, 1), weeks // 2
    first = year.mean(personal, 0, 1)
    print(f"\n{name}: clicks a copy, personal issues (house digest)")
    print(
        f"  issue 1 {first:.3f} ({year.mean(year.house, 0, 1):.3f}), issues {last + 1} to {weeks} "
        f"{year.mean(personal, last, weeks):.3f} ({year.mean(year.house, last, weeks):.3f}): "
        f"{year.mean(personal, last, weeks) / first:.2f} of issue 1"
    )
    if name != CONTROL:
        _classes(year, silent, ideal[name], ideal[CONTROL])
        print(f"  the product's report in the end: {year.report}")
    if year.certain:
        print(f"  first certain after issue {year.certain[0]}")
    return year.mean(personal, half, weeks) - year.mean(year.house, half, weeks)


def _classes(year: Year, silent: Year, ideal: Numbers, ideal_silent: Numbers) -> None:
    """Print a table of the classes of readers: their last issues beside their first one, and beside
    the same issues where nothing is learned."""
    last, personal = max(year.expected.shape[1] - QUARTER, 1), ~year.house
    print(
        "  | readers | | issue 1 | end | change | nothing learned | more than that "
        "| ideal learner: issue 1 | end | nothing learned |\n  |" + "---|" * 10
    )
    for kind in ("all", *CLASSES):
        who = personal & ((year.classes == kind) | (kind == "all"))
        mine, theirs = (np.nanmean(one.expected[who, last:], axis=1) for one in (year, silent))
        changes = [bootstrap(mine - year.expected[who, 0]), bootstrap(mine - theirs)]
        told = [f"{one.mean:+.3f} ({one.low:+.3f} to {one.high:+.3f})" for one in changes]
        cells = [f"{one.mean():.3f}" for one in (year.expected[who, 0], mine, theirs)]
        best = (ideal[who, 0], ideal[who, last:], ideal_silent[who, last:])
        cells = [kind, f"{who.sum():,}", *cells[:2], told[0], cells[2], told[1]]
        print(f"  | {' | '.join([*cells, *(f'{one.mean():.3f}' for one in best)])} |")


def draw(path: Path, years: Mapping[str, Year], ideal: Mapping[str, Numbers]) -> None:
    """The weeks of each year as lines: personal issues, the house digest (dashed), and what an
    ideal learner would reach (dotted)."""
    width, height, left, top = 640, 300, 46, 16
    lines: list[tuple[str, str, Numbers]] = []
    for at, (name, year) in enumerate(years.items()):
        lines.append((name, f"c{at}", np.nanmean(year.expected[~year.house], axis=0)))
        lines.append((f"ideal, {name}", f"c{at} ideal", ideal[name].mean(axis=0)))
        if name == TRACKED:
            lines.append(("house digest", "c9", np.nanmean(year.expected[year.house], axis=0)))
    most = max(float(values.max()) for _, _, values in lines) * 1.02
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 150} {height + 60}" '
        'font-family="system-ui, sans-serif" font-size="12" role="img" '
        'aria-label="Clicks a copy by issue"><style>text{fill:#4a4f55}'
        "path{fill:none;stroke-width:2}.ideal{stroke-width:1.5;stroke-dasharray:1.5 3}"
        ".c0{stroke:#1f5fa8}.c1{stroke:#c2571a}.c2{stroke:#5c7a2e}"
        ".c9{stroke:#7b828a;stroke-dasharray:5 4}"
        ".axis{stroke:#c9c5bd;stroke-width:1}@media(prefers-color-scheme:dark){text{fill:#c9ced4}"
        ".c0{stroke:#7fb2ee}.c1{stroke:#f0a06a}.c2{stroke:#a9c877}}</style>"
    ]
    for tick in np.linspace(0, most, 5):
        y = top + height * (1 - tick / most)
        parts.append(f'<path class="axis" d="M{left} {y:.1f}h{width}"/>')
        parts.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:.2f}</text>')
    ends = []
    for name, style, values in lines:
        smooth = [float(values[max(0, w - 3) : w + 1].mean()) for w in range(len(values))]
        points = [
            f"{left + width * w / max(len(values) - 1, 1):.1f} {top + height * (1 - v / most):.1f}"
            for w, v in enumerate(smooth)
        ]
        parts.append(f'<path class="{style}" d="M{" L".join(points)}"/>')
        ends.append((float(points[-1].split()[1]), name))
    lowest = float("-inf")
    for y, name in sorted(ends):  # no label upon another
        lowest = max(y + 4, lowest + 14)
        parts.append(f'<text x="{left + width + 8}" y="{lowest:.1f}">{escape(name)}</text>')
    for week in (1, *range(13, len(lines[0][2]) + 1, 13)):
        x = left + width * (week - 1) / max(len(lines[0][2]) - 1, 1)
        parts.append(
            f'<text x="{x:.1f}" y="{top + height + 18}" text-anchor="middle">{week}</text>'
        )
    parts.append(
        f'<text x="{left}" y="{top + height + 40}">clicks a copy, mean of four issues</text></svg>'
    )
    path.write_text("".join(parts) + "\n", "utf-8")


def live(name: str, text: Stream, who: Readers, seed: int) -> Year:
    """The year in a store of its own."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/newsletter.db"
        engine = store_opening.open_store(url, newsletter="weekly", now=START, make=True)
        with database.writing(engine) as session:  # the key of every draw
            salt = sa.update(Property).where(Property.name == ADDRESS_SALT)
            session.execute(salt.values(value=f"seed {seed}"))
        settings = Settings(
            home=Path(folder), holdout=0.1, tracking=name == TRACKED, horizon_days=HORIZON
        )
        year = simulate(engine, text, who, settings, seed, answer=name != CONTROL)
        engine.dispose()
        return year


def ceiling(name: str, text: Stream, who: Readers, seed: int) -> Numbers:
    """The same year with an ideal learner, in issues as long."""
    return ideal_learner.year(
        text, who, seed, horizon=HORIZON, top=Settings(home=Path()).picks,
        clicks=name == TRACKED, answer=name != CONTROL,
    )  # fmt: skip


def main(given: argparse.Namespace) -> bool:
    draws = np.random.default_rng(given.seed)
    text = stream(given.folder, given.weeks, given.stories, draws)
    who = readers(given.readers, text.names, draws)
    print(
        f"{given.readers:,} readers, {len(text.weeks)} issues, {given.stories} new stories a week, "
        f"{'made text' if given.folder is None else given.folder.name}, seed {given.seed}"
    )
    arms = (TRACKED, UNTRACKED, CONTROL)
    with ProcessPoolExecutor(2) as pool:
        runs = {name: pool.submit(live, name, text, who, given.seed) for name in arms}
        best = {name: pool.submit(ceiling, name, text, who, given.seed) for name in arms}
        years = {name: run.result() for name, run in runs.items()}
        ideal = {name: run.result() for name, run in best.items()}
    gains = {name: tell(name, year, years[CONTROL], ideal) for name, year in years.items()}
    share = gains[UNTRACKED] / gains[TRACKED]
    print(
        f"\ngain over the house digest, second half: {gains[TRACKED]:.3f} {TRACKED}, "
        f"{gains[UNTRACKED]:.3f} on {UNTRACKED}: {share:.0%} of it; "
        f"{gains[CONTROL]:.3f} with {CONTROL}"
    )
    half = len(text.weeks) // 2
    house = np.nanmean([year.mean(year.house, half, len(text.weeks)) for year in years.values()])
    above = {name: ideal[name][:, half:].mean() - house for name in arms}
    print(
        f"of an ideal learner: {above[TRACKED]:.3f} {TRACKED}, {above[UNTRACKED]:.3f} on "
        f"{UNTRACKED}: {above[UNTRACKED] / above[TRACKED]:.0%} of it; {above[CONTROL]:.3f} with "
        f"{CONTROL}"
    )
    if given.svg is not None:
        draw(given.svg, years, ideal)
    return bool(share >= 0.9)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "folder", type=Path, nargs="?", help="with articles.jsonl; default: made text"
    )
    parser.add_argument("--readers", type=int, default=2_000)
    parser.add_argument("--weeks", type=int, default=52)
    parser.add_argument("--stories", type=int, default=30, help="new ones a week")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--svg", type=Path, help="where to draw the year")
    sys.exit(0 if main(parser.parse_args()) else 1)
