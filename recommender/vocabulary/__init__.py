"""The controlled vocabulary: topics and roles with their aliases, definitions and relations.

Called together: ``vocabulary.topic_ids(...)``, ``vocabulary.merge(...)``. Whatever names an import
brings are kept: unknown ones are added, none is dropped; but readers are offered a name only when
it was shipped, or an administrator said so.
"""

from recommender.vocabulary.names import fold
from recommender.vocabulary.restructuring import (
    Usage,
    merge,
    remove,
    split,
    stronger_weight,
    usage,
)
from recommender.vocabulary.starter import install_starter
from recommender.vocabulary.terms import (
    Kind,
    add,
    alias,
    find,
    ids,
    load,
    name_of,
    offered,
    required,
    role_ids,
    set_offered,
    topic_ids,
)

__all__ = [
    "Kind",
    "Usage",
    "add",
    "alias",
    "find",
    "fold",
    "ids",
    "install_starter",
    "load",
    "merge",
    "name_of",
    "offered",
    "remove",
    "required",
    "role_ids",
    "set_offered",
    "split",
    "stronger_weight",
    "topic_ids",
    "usage",
]
