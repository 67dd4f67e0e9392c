"""The house digest: the issue that is nobody's own. What it lacks is what personal issues are
measured by: what is new, and what all readers like, under the rules of an issue, whoever reads.

What a reader must not get, they do not get: a topic they muted, a story they had before.
"""

from dataclasses import replace

from recommender.ranking.values import Action, Reader

NAME = "house digest"


def reader(known: Reader) -> Reader:
    """Somebody of whom nothing is known but what ``known`` must not get, and their segments."""
    return replace(
        known,
        id=NAME,  # chance is the same for all
        roles=(),
        topics={name: weight for name, weight in known.topics.items() if weight < 0},
        history=tuple([Action(one.story, "sent", one.at) for one in known.history]),
    )
