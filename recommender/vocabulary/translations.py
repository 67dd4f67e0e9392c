"""What topics are called in other languages: ``topic_names.toml`` beside this module.

In a store such a name is an alias like any other. The ranker tells the two apart by this file: a
name in another language finds titles that hold it, and leaves the topic's English text as it is.
"""

from collections.abc import Mapping
from functools import cache

from recommender.vocabulary import shipped
from recommender.vocabulary.names import fold, tidy


@cache
def by_topic() -> Mapping[str, tuple[str, ...]]:
    """The names of each topic, by its folded name; one that two languages share stands once."""
    found: dict[str, dict[str, str]] = {}
    for topics in shipped.document("topic_names.toml").values():
        for topic, names in topics.items():
            known = found.setdefault(fold(topic), {})
            for name in names:
                known.setdefault(fold(name), tidy(name))
    return {topic: tuple(names.values()) for topic, names in found.items()}


@cache
def folded() -> frozenset[str]:
    """The names of all topics, folded."""
    return frozenset(fold(name) for names in by_topic().values() for name in names)
