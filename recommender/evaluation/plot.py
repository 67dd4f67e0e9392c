"""One picture of a trial: nDCG@10 of every system with its interval. Needs matplotlib."""

from collections.abc import Mapping
from pathlib import Path

from recommender.evaluation.intervals import Estimate
from recommender.safety import private_files


def draw(path: Path, estimates: Mapping[str, Estimate], *, metric: str, readers: int) -> None:
    """Write a PNG of horizontal bars, best on top, with 95 % intervals."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    ordered = sorted(estimates.items(), key=lambda item: (item[1].mean, item[0]))
    names = [name for name, _ in ordered]
    means = [found.mean for _, found in ordered]
    below = [found.mean - found.low for _, found in ordered]
    above = [found.high - found.mean for _, found in ordered]
    figure = Figure(figsize=(8, 0.6 * len(names) + 1.4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    colours = ["#1f5fa8" if name == "newsletter" else "#b8c4d2" for name in names]
    axes.barh(names, means, xerr=[below, above], color=colours, ecolor="#444444", capsize=3)
    for place, (mean, more) in enumerate(zip(means, above, strict=True)):
        axes.annotate(f"{mean:.3f}", (mean + more, place), xytext=(6, 0),
                      textcoords="offset points", va="center", fontsize=9)  # fmt: skip
    axes.margins(x=0.1)
    axes.set_xlabel(f"{metric}, mean over {readers:,} readers, 95 % bootstrap interval")
    axes.spines[["top", "right"]].set_visible(False)
    with private_files.located(path), private_files.open_file(path, "wb") as file:
        figure.savefig(file, dpi=150, format="png")
