"""Which of a reader's answers still count, and which stories they liked. Values only."""

from collections.abc import Sequence
from datetime import datetime

from recommender.ranking.values import Action


def valid(history: Sequence[Action]) -> list[Action]:
    """The answers that still count, in the order given: of contradicting ones on a story (``less``
    beside a click or ``more``) those of the latest kind. Undated answers stand in their order."""
    given = [action for action in history if action.kind != "sent"]
    unwanted = [action.kind == "less" for action in given]
    if True not in unwanted or False not in unwanted:
        return given
    dates = [action.at for action in given if action.at is not None]
    order = list(range(len(given)))
    if len(dates) == len(given):
        order.sort(key=lambda number: _moment(given[number]))
    last = {given[number].story: unwanted[number] for number in order}
    return [one for one, less in zip(given, unwanted, strict=True) if last[one.story] == less]


def liked(history: Sequence[Action]) -> list[str]:
    """The stories of a history that the reader answered with interest, and still does: each once,
    in the order of the first answer."""
    return list(dict.fromkeys(one.story for one in valid(history) if one.kind != "less"))


def _moment(action: Action) -> datetime:
    if action.at is None:
        raise TypeError("an answer without a date has no place in time")
    return action.at
