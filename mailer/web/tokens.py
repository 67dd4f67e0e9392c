"""What a link of an issue stands for: its delivery. One place, since every page asks for it."""

from sqlalchemy.orm import Session

from mailer.links import Scope, TokenError
from mailer.web.site import Site
from recommender.models import Delivery

NUMBERS: dict[Scope, int] = {"view": 1, "unsubscribe": 1, "preferences": 1, "feedback": 3}
"""How many numbers a token holds; the first is the delivery."""


def delivery(
    session: Session, site: Site, scope: Scope, token: str
) -> tuple[Delivery, tuple[int, ...]] | None:
    """The delivery of a token, and all the token's numbers; None when there is none (any more)."""
    try:
        numbers = site.links.read(scope, token)
    except TokenError:
        return None
    found = session.get(Delivery, numbers[0]) if len(numbers) == NUMBERS[scope] else None
    return None if found is None else (found, numbers)
