"""Days of the week and frequencies as tables of readers write them: in English or German, whatever
language the rest of a table is in."""

import re

from recommender.models import Frequency
from recommender.settings import DAYS

GERMAN_DAYS = (
    *("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag"),
    "sonnabend",
)
"""From Monday; then another word for Saturday."""
SHORTEST = {"en": 3, "de": 2}
"""Letters of a name from which on it may be cut off."""
FREQUENCIES: dict[Frequency, tuple[str, ...]] = {
    Frequency.WEEKLY: (
        *("every week", "each week", "once a week"),
        *("wöchentlich", "jede woche", "einmal pro woche", "einmal in der woche"),
    ),
    Frequency.FORTNIGHTLY: (
        *("biweekly", "bi-weekly", "every other week", "every two weeks", "every 2 weeks"),
        *("zweiwöchentlich", "14-tägig", "14-täglich", "vierzehntägig", "alle zwei wochen"),
        *("alle 2 wochen", "alle 14 tage", "jede zweite woche"),
    ),
    Frequency.MONTHLY: (
        *("every month", "each month", "once a month"),
        *("monatlich", "jeden monat", "einmal im monat", "einmal pro monat"),
    ),
}
_WORDS = {
    word: frequency
    for frequency, words in FREQUENCIES.items()
    for word in (frequency.value, *words)
}


def day(text: str) -> str | None:
    """A day such as ``monday``; None when it is none."""
    given = _plain(text).removesuffix(".")
    for names, shortest in ((DAYS, SHORTEST["en"]), (GERMAN_DAYS, SHORTEST["de"])):
        for at, name in enumerate(names):
            if len(given) >= shortest and name.startswith(given):
                return DAYS[at if at < len(DAYS) else DAYS.index("saturday")]
    return None


def frequency(text: str) -> Frequency | None:
    """How often somebody gets an issue; None when it is no such word."""
    return _WORDS.get(_plain(text))


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.strip().casefold())
