"""Named sets of subscribers: static lists, and rules that are evaluated when they are used.

``from recommender import segments``; then ``segments.create``, ``segments.condition``,
``segments.members`` … The caller commits.
"""

from recommender.segments.conditions import compile_rule
from recommender.segments.membership import audiences, memberships
from recommender.segments.records import (
    add_members,
    condition,
    count,
    create,
    delete,
    get,
    listing,
    members,
    naming,
    remove_members,
    unknown_names,
)

__all__ = [
    "add_members",
    "audiences",
    "compile_rule",
    "condition",
    "count",
    "create",
    "delete",
    "get",
    "listing",
    "members",
    "memberships",
    "naming",
    "remove_members",
    "unknown_names",
]
