"""What each part of the ranking brings in a week of new stories, and whether its settings hold on
weeks that were not used to choose them.

The folder holds weekly issues, each a folder with articles.jsonl (archive and the week's),
subscribers.jsonl (histories), relevant.jsonl and issue.json (``now``, ``candidates``). Prints
nDCG@10 over all reader-weeks, by kind of issue (what stands before the hyphen of a folder's name):
the whole; every part left out; and leave-weeks-out, where each week is ranked with whichever
settings were best on all the others. Draws the parts' differences as an SVG.
Run: python benchmarks/weekly_issues.py FOLDER [--svg FILE] [--parts-only]
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from pathlib import Path

import numpy as np
import numpy.typing as npt

from recommender.articles import import_files
from recommender.articles.values import ParsedArticle
from recommender.datasets import files
from recommender.evaluation import metrics
from recommender.evaluation.intervals import Estimate, clustered
from recommender.ranking.answers import liked
from recommender.ranking.ranker import Ranker
from recommender.ranking.settings import DescriptionSettings, RankingSettings
from recommender.ranking.values import ListRequest, Reader, Story
from recommender.vocabulary import starter

WHOLE = RankingSettings()
Values = npt.NDArray[np.float64]


def similarity(**changes: float) -> RankingSettings:
    return replace(WHOLE, similarity=replace(WHOLE.similarity, **changes))  # type: ignore[arg-type]


def profile(**changes: float) -> RankingSettings:
    return replace(WHOLE, profile=replace(WHOLE.profile, **changes))  # type: ignore[arg-type]


def metric(**changes: float) -> RankingSettings:
    return replace(WHOLE, metric=replace(WHOLE.metric, **changes))  # type: ignore[arg-type]


def described(settings: DescriptionSettings) -> RankingSettings:
    return replace(WHOLE, tastes=replace(WHOLE.tastes, description=settings))


PARTS = {
    "no learned likeness": similarity(metric=0.0),
    "no tastes": similarity(taste=0.0),
    "neither of the two": similarity(metric=0.0, taste=0.0),
    "chance not taken off": metric(chance=0.0),
    "learned without words": described(DescriptionSettings(words=0.0)),
    "learned without letters": described(DescriptionSettings(letters=0)),
    "learned without sources": described(DescriptionSettings(source=0.0)),
    "no latent space": similarity(latent=0.0, ridge=0.0),
    "no read together or alike": similarity(together=0.0, alike=0.0, alike_learned=0.0),
    "no sources as interests": profile(source=0.0),
    "not what many may like": profile(promise=0.0),
    "half-life 75 days": profile(click_half_life=75.0),
}
CHOICES = {
    **{f"likeness {w}": similarity(metric=w) for w in (1.25, 5.0)},
    **{f"taste {w}": similarity(taste=w) for w in (0.75, 3.0)},
    **{f"penalty {w}": metric(penalty=w) for w in (0.25, 1.0)},
    **{f"chance {w}": metric(chance=w) for w in (0.25, 0.75)},
    **{f"sources {w}": profile(source=w) for w in (0.008, 0.032)},
    **{f"many {w}": profile(promise=w) for w in (0.02, 0.08)},
}


@dataclass(frozen=True)
class Issue:
    """One weekly issue of a ``kind``: what there was to read, who read what, what was kept."""

    kind: str
    now: datetime
    stories: Sequence[Story]
    candidates: Sequence[Story]
    readers: Sequence[Reader]
    kept: Mapping[str, Mapping[str, float]]

    @property
    def judged(self) -> list[Reader]:
        return [reader for reader in self.readers if reader.id in self.kept]

    def ndcg(self, settings: RankingSettings) -> Values:
        """nDCG@10 of each judged reader."""
        ranker = Ranker(
            self.candidates,
            archive=self.stories,
            vocabulary=starter.read(),
            settings=settings,
            co_clicks=[liked(reader.history) for reader in self.readers],
        )
        article = {story.id: story.article for story in self.candidates}
        request = ListRequest(now=self.now, top=10, as_issue=False)
        return np.array(
            [
                metrics.ndcg([article[p.story] for p in found.picks], self.kept[found.reader], 10)
                for found in ranker.rank(self.judged, request)
            ]
        )


def issue(folder: Path) -> Issue:
    told = json.loads((folder / "issue.json").read_text("utf-8"))
    now = datetime.fromisoformat(told["now"])
    found = import_files.drafts([folder / "articles.jsonl"], now)
    catalogue = files.catalogue(one.draft for one in found if isinstance(one, ParsedArticle))
    path = folder / "subscribers.jsonl"
    readers, _ = files.readers(path.read_bytes().splitlines(), 1, path, catalogue.of_article)
    judged = (folder / "relevant.jsonl").read_text("utf-8").splitlines()
    wanted = set(told["candidates"])
    return Issue(
        folder.name.split("-")[0],
        now,
        catalogue.stories,
        [story for story in catalogue.stories if story.article in wanted],
        readers,
        {entry["subscriber"]: entry["relevant"] for entry in map(json.loads, judged)},
    )


ByVariant = dict[str, list[Values]]


def measure(issues: Sequence[Issue], variants: Mapping[str, RankingSettings]) -> ByVariant:
    """For each variant, nDCG@10 of the readers of each issue."""
    return {name: [one.ndcg(settings) for one in issues] for name, settings in variants.items()}


def differences(issues: Sequence[Issue], whole: list[Values], found: ByVariant) -> list[list[str]]:
    """Print the parts' table and return its rows: name, and by kind the paired difference."""
    kinds = sorted({one.kind for one in issues})
    rows = []
    print(f"| left out | {' | '.join(f'{kind} | difference' for kind in kinds)} |")
    print("|" + "---|" * (1 + 2 * len(kinds)))
    for name, values in {"nothing": whole, **found}.items():
        cells = [name]
        for kind in kinds:
            at = [number for number, one in enumerate(issues) if one.kind == kind]
            readers = [reader.id for number in at for reader in issues[number].judged]
            mine = np.concatenate([values[number] for number in at])
            change = clustered(mine - np.concatenate([whole[n] for n in at]), readers)
            cells += [f"{mine.mean():.4f}", told(change) if values is not whole else "–"]
        print(f"| {' | '.join(cells)} |", flush=True)
        rows.append(cells)
    return rows


def told(found: Estimate) -> str:
    return f"{found.mean:+.4f} ({found.low:+.4f} to {found.high:+.4f})"


def leave_out(issues: Sequence[Issue], whole: list[Values], found: ByVariant) -> None:
    """Print, for each kind, every week ranked with the settings that were best on the others."""
    every = {"today's": whole, **found}
    print("| week left out | best on the others | there | today's settings there |")
    print("|---|---|---|---|")
    for kind in sorted({one.kind for one in issues}):
        at = [number for number, one in enumerate(issues) if one.kind == kind]
        chosen = []
        for week in at:
            others = [number for number in at if number != week]
            best = max(
                every, key=lambda name: np.concatenate([every[name][n] for n in others]).mean()
            )
            chosen.append(every[best][week])
            here = f"{chosen[-1].mean():.4f} | {whole[week].mean():.4f}"
            print(f"| {kind}, {issues[week].now:%Y-%m-%d} | {best} | {here} |")
        mean = np.concatenate(chosen).mean()
        usual = np.concatenate([whole[number] for number in at]).mean()
        print(f"| **{kind}, all** | | **{mean:.4f}** | **{usual:.4f}** |", flush=True)


def draw(path: Path, rows: Sequence[Sequence[str]]) -> None:
    """An SVG of the differences: a row for each part, a dot and its interval for each kind."""
    kinds, left, width, line = (len(rows[0]) - 1) // 2, 210, 430, 26
    height = line * (len(rows) - 1) + 56
    spans = [[_numbers(cells[2 + 2 * k]) for k in range(kinds)] for cells in rows[1:]]
    low = min(span[1] for part in spans for span in part)
    high = max(0.005, *(span[2] for part in spans for span in part))

    def x(value: float) -> float:
        return left + (value - low) / (high - low) * width

    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 30} {height}" '
        'font-family="sans-serif" font-size="12" role="img">',
        "<title>Change of nDCG@10 when a part is left out</title>",
        f'<rect width="100%" height="100%" fill="white"/><path d="M{x(0):.1f} 12V{height - 40}" '
        'stroke="#888"/>',
    ]
    colours = ("#1f5fa8", "#c2571a")
    for number, (cells, part) in enumerate(zip(rows[1:], spans, strict=True)):
        y = 24 + number * line
        drawn.append(
            f'<text x="{left - 12}" y="{y + 4}" text-anchor="end">{escape(cells[0])}</text>'
        )
        for kind, (mean, least, most) in enumerate(part):
            at = y - 4 + 8 * kind
            drawn.append(
                f'<path d="M{x(least):.1f} {at}H{x(most):.1f}" stroke="{colours[kind]}" '
                f'stroke-width="2"/><circle cx="{x(mean):.1f}" cy="{at}" r="3.5" '
                f'fill="{colours[kind]}"/>'
            )
    drawn += [
        f'<text x="{x(at):.1f}" y="{height - 24}" text-anchor="middle">{at:+.2f}</text>'
        for at in np.arange(np.ceil(low * 50) / 50, high, 0.02).tolist()
    ]
    drawn.append(
        f'<text x="{left}" y="{height - 6}"><tspan fill="{colours[0]}">● ahead</tspan>'
        f'<tspan fill="{colours[1]}" dx="12">● digest</tspan>'
        '<tspan dx="12">change of nDCG@10 without the part, 95 %</tspan></text></svg>'
    )
    path.write_text("\n".join(drawn) + "\n", "utf-8")


def _numbers(cell: str) -> tuple[float, float, float]:
    mean, least, _, most = cell.replace("(", "").replace(")", "").split()
    return float(mean), float(least), float(most)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder of the weekly issues")
    parser.add_argument("--svg", type=Path, help="where to draw the differences")
    parser.add_argument("--parts-only", action="store_true", help="leave weeks-out out")
    given = parser.parse_args()
    folders = sorted(path.parent for path in given.folder.glob("*-*/issue.json"))
    issues = [issue(folder) for folder in folders]
    [whole] = measure(issues, {"": WHOLE}).values()
    rows = differences(issues, whole, measure(issues, PARTS))
    if given.svg is not None:
        draw(given.svg, rows)
    if not given.parts_only:
        leave_out(issues, whole, measure(issues, CHOICES))


if __name__ == "__main__":
    main()
