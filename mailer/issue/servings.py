"""Which parts of a brief serve a reader with these roles, and in what order.

A brief often speaks to one role ("Founders should …"); a part that begins by addressing others
than the reader stands back for those that do not. Takes values, returns values.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from mailer.issue.content import StoryContent
from mailer.localization import N_, Language
from recommender.articles import sentences

Servings = tuple[tuple[str, ...], ...]
"""Parts of a brief, the most useful first; those in one tuple are shown together."""


def _servings(order: str) -> Servings:
    return tuple(tuple(serving.split("+")) for serving in order.split())


DECIDER = _servings("takeaway insights principles practice code_references")
INQUIRER = _servings("insights principles takeaway practice code_references")
PRACTITIONER = _servings("practice+code_references insights takeaway principles")
MAKER = _servings("practice principles takeaway insights code_references")
ROLES: tuple[tuple[str, Servings], ...] = (
    ("cto cio ceo cfo coo cpo cmo ciso chief vp svp evp president director head partner", DECIDER),
    ("founder entrepreneur investor executive owner chair manager lead consultant", DECIDER),
    ("journalist reporter editor writer researcher scientist analyst professor student", INQUIRER),
    ("engineer developer programmer architect administrator devops sre operator", PRACTITIONER),
    ("designer teacher product", MAKER),
)
"""Words in a role's name, and what serves such a reader; the first line with a word of the role
decides."""

LABELS = {
    "takeaway": (N_("Key takeaway"), N_("Key takeaway")),
    "practice": (N_("In practice"), N_("In practice")),
    "insights": (N_("Key insight"), N_("Key insights")),
    "principles": (N_("Principle"), N_("Principles")),
    "code_references": (N_("Code reference"), N_("Code references")),
}
"""For one point and for several."""
ADDRESSED_WITHIN = 4
"""Words at the beginning of a sentence in which it says whom it is for."""
_PEOPLE = frozenset(
    f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
    for words, _ in ROLES
    for word in words.split()
) - {"leads", "chairs", "products", "heads", "chiefs", "partners", "presidents"}
"""Roles in the plural, as briefs address them."""


def serving_order(roles: Sequence[str]) -> Servings:
    """The parts of a brief in the order that fits the first role we have a line for; the
    deciders' order where there is none."""
    return next((serving for serving in map(_serving, roles) if serving is not None), DECIDER)


def serving_role(roles: Sequence[str]) -> str | None:
    """The role whose order that is; None when it is the order of whom we know nothing."""
    return next((role for role in roles if _serving(role) is not None), None)


def labels(order: Servings, language: Language) -> list[str]:
    """What the parts of an order are called, the first of those that are shown together."""
    return [language.text(LABELS[names[0]][1]) for names in order]


@lru_cache(maxsize=10_000)
def _serving(role: str) -> Servings | None:
    words = set(re.findall(r"[a-z]+", role.casefold()))
    for keywords, servings in ROLES:
        if not words.isdisjoint(keywords.split()):
            return servings
    return None


def order_for(story: StoryContent, order: Servings, roles: Sequence[str]) -> Servings:
    """``order`` for one story: what it says to others than readers with these roles comes last. The
    same object where it says nothing to others, or nothing is known of the reader."""
    told = _told_to(story)
    if not told or not roles:
        return order
    own = called(tuple(roles))
    others = {name for name, people in told if people.isdisjoint(own)}
    if not others:
        return order
    return tuple(sorted(order, key=lambda names: names[0] in others))


@lru_cache(maxsize=10_000)
def _told_to(story: StoryContent) -> tuple[tuple[str, frozenset[str]], ...]:
    """The parts of a story that begin by addressing somebody, and whom."""
    found = []
    for name in LABELS:
        value = getattr(story, name)
        first = sentences.split(value if isinstance(value, str) else " ".join(value[:1]))[:1]
        if first and (people := addressed(first[0])):
            found.append((name, people))
    return tuple(found)


def addressed(sentence: str) -> frozenset[str]:
    """Whom a sentence addresses at its beginning, in the plural; nobody for most."""
    return _PEOPLE.intersection(re.findall(r"[a-z]+", sentence.casefold())[:ADDRESSED_WITHIN])


@lru_cache(maxsize=10_000)
def called(roles: tuple[str, ...]) -> frozenset[str]:
    """What a text calls people with these roles: the words of the roles, in the plural."""
    return frozenset(map(_plural, re.findall(r"[a-z]+", " ".join(roles).casefold())))


def _plural(word: str) -> str:
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
