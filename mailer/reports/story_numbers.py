"""An edition by story and by position in the issue: how many readers got each, and what they made
of it. Only copies that were sent count, and answers that are taken for a person's.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.ledger import counts
from mailer.reports.rates import rate
from recommender.models import Delivery, EditionStory, Event, EventKind
from recommender.storage import bulk

ANSWERS = {"clicked": EventKind.CLICK, "more": EventKind.MORE, "less": EventKind.LESS}
BATCH = 500_000
"""Copies whose lists of stories are read in one piece."""
Row = dict[str, Any]
Picked = Counter[tuple[int, int]]
"""Copies by story (id) and position (from 1)."""
_read_list = msgspec.json.Decoder(list[int]).decode


def of_edition(session: Session, edition_id: int, between: tuple[int, int]) -> dict[str, list[Row]]:
    """``stories``: every candidate of the edition, also those that nobody got, the most chosen
    first; ``positions``: the places of an issue, from the first. Rows have ``readers``,
    ``clicked``, ``more``, ``less`` and ``click_rate``. ``between``: its ``counts.ids``.
    """
    chosen, answers = _chosen(session, edition_id, between), _answers(session, edition_id, between)
    stories = []
    query = sa.select(EditionStory.story_id, EditionStory.content)
    by_story = _numbers(chosen, answers, 0)
    for story, content in session.execute(query.where(EditionStory.edition_id == edition_id)):
        named = {"id": f"{content['article']}/{content['story']}", "title": content["title"]}
        stories.append(named | _row(by_story, story))
    by_position = _numbers(chosen, answers, 1)
    positions = sorted({position for _, position in chosen})
    return {
        "stories": sorted(stories, key=lambda row: (-row["readers"], row["id"])),
        "positions": [{"name": number} | _row(by_position, number) for number in positions],
    }


def _numbers(chosen: Picked, answers: dict[str, Picked], part: int) -> dict[str, Counter[int]]:
    """The numbers summed by story (``part`` 0) or by position (``part`` 1)."""
    found: dict[str, Counter[int]] = {}
    for name, picked in {"readers": chosen, **answers}.items():
        found[name] = Counter()
        for where, number in picked.items():
            found[name][where[part]] += number
    return found


def _row(numbers: dict[str, Counter[int]], key: int) -> Row:
    row: Row = {name: counted[key] for name, counted in numbers.items()}
    return row | {"click_rate": rate(row["clicked"], row["readers"])}


def _chosen(session: Session, edition_id: int, between: tuple[int, int]) -> Picked:
    """How many copies that were sent hold which story where."""
    chosen: Picked = Counter()
    for text in _lists(session, edition_id, between):
        counted = Counter(text[1:-1].split("],["))
        counted.pop("", None)
        copies = np.fromiter(counted.values(), np.int64, len(counted))
        lengths = np.fromiter((one.count(",") + 1 for one in counted), np.int64, len(counted))
        stories = np.fromstring(",".join(counted), np.int64, sep=",")
        if not len(stories):
            continue
        starts = np.repeat(np.cumsum(lengths) - lengths, lengths)
        positions = np.arange(1, len(stories) + 1) - starts
        wide = int(lengths.max()) + 1
        keys, of = np.unique(stories * wide + positions, return_inverse=True)
        numbers = np.bincount(of, weights=np.repeat(copies, lengths))
        for key, number in zip(keys.tolist(), numbers.tolist(), strict=True):
            chosen[divmod(key, wide)] += int(number)
    return chosen


def _lists(session: Session, edition_id: int, between: tuple[int, int]) -> Iterator[str]:
    """The lists of stories of the copies that were sent, as ``[1,2],[3]``, in batches."""
    here = Delivery.edition_id + 0 == edition_id
    first, last = between
    lists = bulk.joined(session, Delivery.story_ids, ",")
    for start in range(first, last + 1, BATCH):
        batch = Delivery.id.between(start, start + BATCH - 1)
        text = session.scalar(sa.select(lists).where(here, batch, counts.SENT))
        if text:
            yield text.replace(" ", "")


def _answers(session: Session, edition_id: int, between: tuple[int, int]) -> dict[str, Picked]:
    """How many copies answered to which story where, by the kind of answer. What is counted
    together has the same list of stories."""
    lists = sa.cast(Delivery.story_ids, sa.Text)
    same = sa.cast(Event.kind, sa.String), Event.story_id, lists
    copies = sa.func.count(sa.distinct(Delivery.id))
    query = counts.answered(session, edition_id, [*same, copies], between).where(
        Event.kind.in_(ANSWERS.values()), Event.story_id.is_not(None)
    )
    names = {kind.value: name for name, kind in ANSWERS.items()}
    answers: dict[str, Picked] = {name: Counter() for name in ANSWERS}
    for kind, story, text, number in session.execute(query.group_by(*same)):
        ids = _read_list(text)
        if story in ids:
            answers[names[kind]][story, ids.index(story) + 1] += number
    return answers
