"""What of each story an issue shows whom, told where readers say what they do."""

from collections.abc import Sequence

from mailer.issue import servings
from mailer.localization import Language


def sentence(roles: Sequence[str], language: Language) -> str:
    """Which part of a story comes first for these roles, and what stands in where it has none."""
    _ = language.text
    role = servings.serving_role(roles)
    first, second = servings.labels(servings.serving_order(roles), language)[:2]
    if role is None:
        return _(
            "Say what you do, and each story shows the part that serves it best; until then that "
            "is “%(first)s”, or “%(second)s” where it has none.",
            first=first,
            second=second,
        )
    return _(
        "As %(role)s you see the “%(first)s” of each story, or its “%(second)s” where "
        "that is missing or meant for others.",
        role=role,
        first=first,
        second=second,
    )
