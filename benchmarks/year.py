"""A year of a newsletter in simulation: readers with tastes that nobody told, and that drift.

Every week new stories are imported, the edition is planned as the product plans it, and readers
answer by the product's own ways: clicks that are judged, "more" and "less". How a reader looks at
an issue and what they like is known here and nowhere else. Run twice, with tracking, and without it
on "more" and "less" alone; a tenth of the readers is held out and gets the house digest, which is
the named reference. Prints clicks that are to be expected a copy (with or without tracking, readers
go to the stories) at the beginning and at the end, by class of readers; and draws the year.

The text is that of a folder with articles.jsonl (title, summary, topics), or made.
Run: python benchmarks/year.py [FOLDER] [--readers 2000] [--weeks 52] [--stories 30] [--seed 1]
     [--svg FILE]
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import TypedDict

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize
from sqlalchemy.engine import Engine

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mailer.delivery import campaign
from mailer.engagement import feedback
from mailer.engagement.feedback import Click
from mailer.reports import gain
from recommender import store_opening
from recommender.articles import intake as articles
from recommender.articles.values import ArticleDraft, ParsedArticle
from recommender.evaluation.intervals import bootstrap
from recommender.models import Delivery, DeliveryState, Edition, EditionStory, Property
from recommender.settings import Settings
from recommender.storage import database
from recommender.storage.properties import ADDRESS_SALT
from recommender.subscribers import fields, intake

START = datetime(2025, 1, 2, 8, tzinfo=UTC)
CLUSTERS, QUARTER = 24, 13
TRACKED, UNTRACKED = "with tracking", "answers alone"
ETA, LIKED, BASE = 0.7, 0.6, 0.02
"""Looks fall like position^-ETA; of what is liked without reserve so much is read, and of all."""
MORE, LESS, DRIFT = 0.35, 0.05, 0.01
"""Of what they would read so much is answered "more"; of what they look at and do not like, "less";
and so likely one of a reader's tastes is another next week."""
CLASSES = {
    "states all topics": 0.35, "states one topic": 0.25, "states another topic": 0.1,
    "states nothing": 0.2, "one narrow taste": 0.1,
}  # fmt: skip
Numbers = npt.NDArray[np.float64]


class Row(TypedDict):
    """A story of the stream."""

    title: str
    summary: str
    topics: list[str]


@dataclass(frozen=True)
class Stream:
    """The stories of the weeks, what each is about (``about``: story key → share of each hidden
    field), and a topic by which each field may be named."""

    weeks: Sequence[Sequence[ArticleDraft]]
    about: Mapping[str, Numbers]
    names: Sequence[str]


def stream(folder: Path | None, weeks: int, stories: int, draws: np.random.Generator) -> Stream:
    rows = made(weeks * stories, draws) if folder is None else read(folder)
    order = draws.permutation(len(rows))[: weeks * stories]
    rows = [rows[at] for at in order]
    words = [f"{row['title']} {row['summary']} {' '.join(row['topics'])}" for row in rows]
    vectors = TfidfVectorizer(stop_words="english", min_df=2, sublinear_tf=True).fit_transform(
        words
    )
    points = normalize(TruncatedSVD(60, random_state=1).fit_transform(vectors))
    fitted = KMeans(CLUSTERS, n_init=3, random_state=1).fit(points)
    near = np.exp(8 * points @ normalize(fitted.cluster_centers_).T)
    shares = near / near.sum(axis=1, keepdims=True)
    names = []
    for cluster in range(CLUSTERS):
        count: dict[str, float] = {}
        for row, share in zip(rows, shares, strict=True):
            for topic in row["topics"]:
                count[topic] = count.get(topic, 0) + share[cluster] - 1 / CLUSTERS
        count = {topic: value for topic, value in count.items() if topic not in names}
        names.append(max(count, key=lambda topic: (count[topic], topic)))
    drafts = [
        ArticleDraft(
            key=f"s{at}", title=row["title"], summary=row["summary"], topics=tuple(row["topics"]),
            url=f"https://stories.example.org/{at}", source=f"source {at % 9}",
            published_at=START + timedelta(weeks=at // stories, hours=-1 - at % 150),
        )
        for at, row in enumerate(rows)
    ]  # fmt: skip
    found = [drafts[week * stories : (week + 1) * stories] for week in range(weeks)]
    return Stream(found, {f"s{at}": shares[at] for at in range(len(rows))}, names)


def read(folder: Path) -> list[Row]:
    """Articles with text of a folder's articles.jsonl."""
    lines = (folder / "articles.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [
        {"title": row["title"], "summary": row["summary"], "topics": row.get("topics") or []}
        for row in rows
        if row.get("summary")
    ]


def made(number: int, draws: np.random.Generator) -> list[Row]:
    """Stories of made words: each field has its own, and all have some in common."""
    syllables = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
    lexicon = ["".join(draws.choice(syllables, 3)) for _ in range(CLUSTERS * 40 + 400)]
    rows: list[Row] = []
    for _ in range(number):
        field_ = int(draws.integers(CLUSTERS))
        own = draws.choice(lexicon[field_ * 40 : field_ * 40 + 40], 14)
        text = [*own, *draws.choice(lexicon[-400:], 26)]
        draws.shuffle(text)
        topics = [lexicon[field_ * 40]] if draws.random() < 0.7 else []
        rows.append({"title": " ".join(own[:4]), "summary": " ".join(text), "topics": topics})
    return rows


@dataclass
class Readers:
    """Who reads: hidden ``tastes`` (readers × fields), how ``eager`` each is, and their class."""

    tastes: Numbers
    eager: Numbers
    classes: Sequence[str]
    stated: Sequence[Mapping[str, float]]

    def drift(self, draws: np.random.Generator) -> None:
        """Let some readers turn to another field."""
        for row in np.flatnonzero(draws.random(len(self.tastes)) < DRIFT * 3):
            old, new = np.argmax(self.tastes[row]), draws.integers(CLUSTERS)
            self.tastes[row, [old, new]] = self.tastes[row, [new, old]]


def readers(number: int, names: Sequence[str], draws: np.random.Generator) -> Readers:
    tastes, classes, stated = np.zeros((number, CLUSTERS)), [], []
    for row in range(number):
        kind = str(draws.choice(list(CLASSES), p=list(CLASSES.values())))
        liked = draws.choice(CLUSTERS, 1 if kind == "one narrow taste" else 3, replace=False)
        tastes[row, liked] = draws.uniform(0.5, 1.0, len(liked))
        other = int(draws.choice([at for at in range(CLUSTERS) if at not in liked]))
        told = {
            "states all topics": liked.tolist(), "states one topic": liked[:1].tolist(),
            "states another topic": [other], "one narrow taste": liked.tolist(),
        }.get(kind, [])  # fmt: skip
        classes.append(kind)
        stated.append({names[at]: 2.0 for at in told})
    return Readers(tastes, draws.beta(4, 2, number), classes, stated)


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


def simulate(engine: Engine, given: Stream, who: Readers, settings: Settings, seed: int) -> Year:
    draws = np.random.default_rng([seed, 7])
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
        _answer(engine, edition, week, now, Answering(given, who, year, settings, draws))
        who.drift(draws)
        with database.reading(engine) as session:
            document = gain.gain(session, session.get_one(Edition, edition))
        if document is not None:
            year.report = gain.sentence(document)
            if document["certain"]:
                year.certain.append(week + 1)
    return year


@dataclass(frozen=True)
class Answering:
    """What it takes to answer an edition."""

    stream: Stream
    who: Readers
    year: Year
    settings: Settings
    draws: np.random.Generator


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
            looked = np.arange(1, len(liking) + 1) ** -ETA * by.who.eager[row]
            likely = looked * (BASE + LIKED * liking)
            by.year.expected[row, week] = likely.sum()
            chance = by.draws.random((3, len(liking)))
            for place, story in enumerate(copy.story_ids):
                if by.settings.tracking and chance[0, place] < likely[place]:
                    at = now + timedelta(hours=1, minutes=5 * place)
                    clicks.append((copy.id, Click(at, story, "GET", "Mozilla/5.0")))
                if chance[1, place] < likely[place] * MORE:
                    feedback.record_feedback(session, copy, story, "more", now + timedelta(hours=2))
                elif chance[2, place] < looked[place] * LESS * (1 - liking[place]):
                    feedback.record_feedback(session, copy, story, "less", now + timedelta(hours=2))
        feedback.record_clicks(session, clicks)


def tell(name: str, year: Year) -> float:
    """Print a year; the gain of personal issues in its second half, in clicks a copy."""
    weeks, personal = year.expected.shape[1], ~year.house
    last, half = max(weeks - QUARTER, 1), weeks // 2
    first = year.mean(personal, 0, 1)
    print(f"\n{name}: clicks a copy, personal issues (house digest)")
    print(
        f"  issue 1 {first:.3f} ({year.mean(year.house, 0, 1):.3f}), issues {last + 1} to {weeks} "
        f"{year.mean(personal, last, weeks):.3f} ({year.mean(year.house, last, weeks):.3f}): "
        f"{year.mean(personal, last, weeks) / first:.2f} of issue 1"
    )
    for kind in CLASSES:
        who = personal & (year.classes == kind)
        change = np.nanmean(year.expected[who, last:], axis=1) - year.expected[who, 0]
        found = bootstrap(change)
        mean = [year.mean(who, 0, 1), year.mean(who, last, weeks)]
        print(
            f"  {kind:<22} {who.sum():>5} readers  {mean[0]:.3f} → {mean[1]:.3f}, "
            f"change {found.mean:+.3f} ({found.low:+.3f} to {found.high:+.3f})"
        )
    print(f"  the product's report in the end: {year.report}")
    if year.certain:
        print(f"  first certain after issue {year.certain[0]}")
    return year.mean(personal, half, weeks) - year.mean(year.house, half, weeks)


def draw(path: Path, years: Mapping[str, Year]) -> None:
    """The weeks of each year as lines: personal issues, and the house digest (dashed)."""
    width, height, left, top = 640, 300, 46, 16
    lines = []
    for at, (name, year) in enumerate(years.items()):
        lines.append((name, f"c{at}", np.nanmean(year.expected[~year.house], axis=0)))
        if at == 0:
            lines.append(("house digest", "c9", np.nanmean(year.expected[year.house], axis=0)))
    most = max(float(values.max()) for _, _, values in lines) * 1.08
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 150} {height + 60}" '
        'font-family="system-ui, sans-serif" font-size="12" role="img" '
        'aria-label="Clicks a copy by issue"><style>text{fill:#4a4f55}'
        "path{fill:none;stroke-width:2}"
        ".c0{stroke:#1f5fa8}.c1{stroke:#c2571a}.c9{stroke:#7b828a;stroke-dasharray:5 4}"
        ".axis{stroke:#c9c5bd;stroke-width:1}@media(prefers-color-scheme:dark){text{fill:#c9ced4}"
        ".c0{stroke:#7fb2ee}.c1{stroke:#f0a06a}}</style>"
    ]
    for tick in np.linspace(0, most, 5):
        y = top + height * (1 - tick / most)
        parts.append(f'<path class="axis" d="M{left} {y:.1f}h{width}"/>')
        parts.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:.2f}</text>')
    for name, style, values in lines:
        smooth = [float(values[max(0, w - 3) : w + 1].mean()) for w in range(len(values))]
        points = [
            f"{left + width * w / max(len(values) - 1, 1):.1f} {top + height * (1 - v / most):.1f}"
            for w, v in enumerate(smooth)
        ]
        parts.append(f'<path class="{style}" d="M{" L".join(points)}"/>')
        y = float(points[-1].split()[1])
        parts.append(f'<text x="{left + width + 8}" y="{y + 4:.1f}">{escape(name)}</text>')
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
            home=Path(folder), holdout=0.1, tracking=name == TRACKED, horizon_days=21
        )
        year = simulate(engine, text, who, settings, seed)
        engine.dispose()
        return year


def main(given: argparse.Namespace) -> bool:
    draws = np.random.default_rng(given.seed)
    text = stream(given.folder, given.weeks, given.stories, draws)
    who = readers(given.readers, text.names, draws)
    print(
        f"{given.readers:,} readers, {len(text.weeks)} issues, {given.stories} new stories a week, "
        f"{'made text' if given.folder is None else given.folder.name}, seed {given.seed}"
    )
    with ProcessPoolExecutor(2) as pool:
        runs = {n: pool.submit(live, n, text, who, given.seed) for n in (TRACKED, UNTRACKED)}
        years = {name: run.result() for name, run in runs.items()}
    gains = {name: tell(name, year) for name, year in years.items()}
    share = gains[UNTRACKED] / gains[TRACKED]
    print(
        f"\ngain over the house digest, second half: {gains[TRACKED]:.3f} {TRACKED}, "
        f"{gains[UNTRACKED]:.3f} on {UNTRACKED}: {share:.0%} of it"
    )
    if given.svg is not None:
        draw(given.svg, years)
    return share >= 0.9


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
