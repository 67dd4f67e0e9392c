"""The line under the masthead: the reader by name, how many stories, and what they were chosen by.

Takes values, returns text; never markup.
"""

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from mailer.issue.plaintext import clean, shorten
from mailer.issue.wording import as_noun, cadence, with_article
from mailer.localization import N_, Language
from recommender.ranking.values import Pick, ReasonKind

LENGTH = 280
LONGEST_NAME = 60
CHOSEN = {
    # Whether the role and the topics are known.
    (True, False): N_("%(stories)s chosen for your work as %(role)s."),
    (False, True): N_("%(stories)s chosen because you follow %(topics)s."),
    (True, True): N_(
        "%(stories)s chosen for your work as %(role)s and because you follow %(topics)s."
    ),
    (False, False): N_(
        "%(stories)s chosen for you. Tell us your topics, and the next ones are more your own."
    ),
}
OWN: tuple[ReasonKind, ...] = ("topic", "text", "history")
"""What a reader, and not others, had a part in."""
_NOT_A_NAME = re.compile(r"[@/\\:;<>{}\[\]|=#%*_^~`!?\"“”0-9]|\w{2}\.\w|\w\.\w{2}")
_GIVEN_NAME = re.compile(r"[A-ZÀ-ÖØ-Þ][^\W\d_]+(?:['’-][^\W\d_]+)*")
"""The first of several names, where it is one that people are called by."""


def chosen_by(
    roles: Sequence[str], topics: Mapping[str, float], picks: Iterable[Pick]
) -> tuple[Sequence[str], Mapping[str, float]]:
    """The roles and topics by which ``picks`` were chosen: none that had no part in any, where what
    others like made the whole list."""
    kinds: set[ReasonKind] = set()
    for pick in picks:
        kinds.update([reason[0] for reason in pick.reasons])
        if not kinds.isdisjoint(OWN):
            return roles, topics
    return (roles if "role" in kinds or not kinds else ()), ({} if kinds else topics)


def intro(
    name: str, roles: Sequence[str], topics: Mapping[str, float], number: int, language: Language
) -> str:
    """``Hi Mina, here are six stories chosen for your work as an engineer and because you follow
    TPUs.``"""
    chosen = _by_what(roles, topics, _stories(number, language), language)
    called = first_name(name)
    if not called:
        return shorten(f"{chosen[:1].upper()}{chosen[1:]}", LENGTH)
    _ = language.text
    return shorten(_("Hi %(name)s, %(stories)s", name=called, stories=chosen), LENGTH)


def welcome(
    name: str,
    roles: Sequence[str],
    topics: Mapping[str, float],
    number: int,
    language: Language,
    *,
    schedule: str = "",
) -> str:
    """The same, over a reader's first issue, and when further ones come by ``schedule``."""
    _, called = language.text, first_name(name)
    said = _by_what(roles, topics, _past_stories(number, language), language)
    hello = _("Welcome, %(name)s!", name=called) if called else _("Welcome!")
    if schedule:
        often = cadence(schedule, language)
        after = _("%(often)s a new issue comes out.", often=often)
        said = f"{said} {after}"
    return shorten(f"{hello} {said[:1].upper()}{said[1:]}", LENGTH)


def _by_what(
    roles: Sequence[str], topics: Mapping[str, float], stories: str, language: Language
) -> str:
    loved = [(-weight, topic.casefold(), topic) for topic, weight in topics.items() if weight > 0]
    loved.sort()
    named = itertools.islice(filter(clean, [topic for *_, topic in loved]), 2)
    return _chosen(tuple(roles[:2]), tuple(named), stories, language)


@lru_cache(maxsize=10_000)
def _chosen(
    roles: tuple[str, ...], topics: tuple[str, ...], stories: str, language: Language
) -> str:
    work = _work(roles, language)
    follows = language.all_of(list(map(_topic, topics)))
    sentence = CHOSEN[bool(work), bool(follows)]
    return language.text(sentence, stories=stories, role=work, topics=follows)


@lru_cache(maxsize=10_000)
def _topic(name: str) -> str:
    return shorten(clean(name), 50)


@lru_cache(maxsize=1_000)
def _work(roles: tuple[str, ...], language: Language) -> str:
    named = [as_noun(role, language) for role in roles if clean(role)]
    return with_article(language.all_of(named), language) if named else ""


@lru_cache(maxsize=1_000)
def _stories(number: int, language: Language) -> str:
    ngettext = language.plural
    count = number_word(number, language)
    return ngettext("here is %(count)s story", "here are %(count)s stories", number, count=count)


def _past_stories(number: int, language: Language) -> str:
    ngettext = language.plural
    return ngettext(
        "here is %(count)s story from the past weeks,",
        "here are %(count)s stories from the past weeks,",
        number,
        count=number_word(number, language),
    )


def first_name(name: str) -> str:
    """What to call a reader: the first of several names where that is plainly a given name, else
    all of it; nothing when it does not look like a name. Anybody can sign anybody up, and what they
    wrote as the name is not to become a message."""
    line = clean(name)
    if len(line) > LONGEST_NAME or _NOT_A_NAME.search(line):
        return ""
    first, _, rest = line.partition(" ")
    return first if rest and _GIVEN_NAME.fullmatch(first) else line


def number_word(number: int, language: Language) -> str:
    """``six``; above twenty in digits."""
    _ = language.text
    # Translators: the numbers from one on, in words, as far as your language writes them so.
    words = _(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
        "sixteen seventeen eighteen nineteen twenty"
    ).split()
    return words[number - 1] if 1 <= number <= len(words) else str(number)
