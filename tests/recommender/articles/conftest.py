"""Briefs to read, written for these tests in the layout editors use."""

from datetime import datetime
from pathlib import Path

import pytest

from recommender.articles import briefs
from recommender.articles.values import ArticleDraft

DIGEST = """\
646: Anthropic's Claude Learns to Shop, Intel Spins Off Its Foundry, Memory-Safe Kernels, \
the $1,000 Humanoid, Why Evals Rot, and a Whale Decoder
Summary
Anthropic released a shopping agent that completes purchases on 40 retail sites, with Claude \
asking for confirmation before paying. Intel will spin off its foundry business into a separate \
company, ending a decade of integrated manufacturing. A group of kernel maintainers reports that \
Rust drivers cut memory-safety bugs by 70 percent. Meanwhile, Unitree showed a humanoid robot \
that will sell for \\$1,000. Its cheap actuators come from the drone industry. Benchmarks lose \
value as training sets absorb them, and evals need continual renewal. Finally, researchers \
decoded sperm whale codas with a self-supervised model.
Key takeaway
For CTOs planning chip supply, Intel's foundry split means new contracts and a neutral second \
source. Engineering teams should rotate their evals every quarter.
Key insights
- Memory-safe languages pay off first in device drivers.
Principles
- Nobody reads the manual.
In practice
- Write new kernel drivers in Rust.
- Keep a private evaluation set.
Topics
- Semiconductor Manufacturing
- Memory Safety
- Humanoid Robots
- LLM Evaluation
- Bioacoustics
Code references
Best for: CTO, VP of Engineering/Data, Investor
Related on the Example Desk
Editorial summary, takeaway, and curation by Example Desk. Original article published by The Letter.
"""


@pytest.fixture
def digest_text() -> str:
    """A brief of a digest of six stories."""
    return DIGEST


@pytest.fixture
def digest(now: datetime) -> ArticleDraft:
    """The same, read."""
    return briefs.parse(DIGEST, path=Path("646.txt"), key="646", now=now)
