"""A store to deliver from, as diverse as life: 200 stories, readers with names, roles and three to
six topics, many of them words of their own."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from recommender import resources, store_opening
from recommender.articles import import_files, sentences
from recommender.articles import intake as article_intake
from recommender.articles.values import ArticleDraft, ParsedArticle
from recommender.storage import database
from recommender.subscribers import fields, intake

STORIES = 200
FREE_TOPICS = 400
"""Topics that the vocabulary lacks, each of two words of the stories."""
ROLES = (
    *("CTO", "Hardware Engineer", "Data Engineer", "Entrepreneur", "Investor", "Designer"),
    *("Product Manager", "Site Reliability Engineer", "Researcher", "Journalist", "Lawyer"),
)


def fill(home: Path, readers: int, *, seed: int = 3) -> None:
    """Make the store of ``home`` with so many readers."""
    now, chance = datetime.now(UTC), random.Random(seed)
    engine = store_opening.open_store(
        f"sqlite:///{home}/newsletter.db", newsletter="weekly", now=now, make=True
    )
    samples = [
        parsed
        for parsed in import_files.drafts([resources.folder("sample") / "briefs"], now)
        if isinstance(parsed, ParsedArticle)
    ]
    stories = list(_stories([parsed.draft for parsed in samples], chance, now))
    parsed = [ParsedArticle(draft, "stories", line) for line, draft in enumerate(stories, 1)]
    article_intake.import_articles(lambda: database.writing(engine), parsed, now=now)
    known = sorted({topic for draft in stories for topic in draft.topics})
    words = sorted({word for draft in stories for word in draft.title.split() if len(word) > 4})
    free = [" ".join(chance.sample(words, 2)) for _ in range(FREE_TOPICS)]
    rows = (
        fields.draft(
            number,
            {
                "email": f"reader{number}@example.com",
                "name": f"Reader {number}",
                "roles": [chance.choice(ROLES)],
                "topics": {
                    topic: chance.randint(1, 3)
                    for topic in {
                        *chance.sample(known, 2),
                        *chance.sample(free, chance.randint(1, 4)),
                    }
                },
            },
        )
        for number in range(readers)
    )
    intake.import_rows(lambda: database.writing(engine), rows, file="readers", now=now)
    engine.dispose()


def _stories(
    samples: list[ArticleDraft], chance: random.Random, now: datetime
) -> Iterator[ArticleDraft]:
    """Stories of sentences that are drawn from the sample's, each mostly from one brief."""
    said = [sentences.split(f"{one.summary} {one.body}") for one in samples]
    for number in range(STORIES):
        place = number % len(samples)
        base, other = samples[place], chance.randrange(len(samples))
        drawn = chance.sample(said[place], min(3, len(said[place]))) + chance.sample(said[other], 1)
        title = " ".join(chance.sample(f"{base.title} {samples[other].title}".split(), 5))
        yield replace(
            base,
            key=f"story-{number}",
            title=title,
            summary=" ".join(drawn),
            body="",
            url=f"https://stories.example.org/{number}",
            source=f"Source {number % 23}",
            topics=(*base.topics[:2], *samples[other].topics[:1]),
            stories=(),
            published_at=now - timedelta(hours=number % 90),
        )
