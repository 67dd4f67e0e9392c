"""The languages that pages and mail are written in: gettext catalogues, and dates and lists as each
language writes them.

English is in the code; every other language is one file, ``translations/<code>.po``, read when it
is first wanted. Nothing has to be compiled or installed, so no translation can be out of date. It
knows no reader and no request: whoever asks says which languages are wanted.
"""

import gettext
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.messages import mofile, pofile

from recommender import resources
from recommender.errors import ConfigurationError

SOURCE = "en"
"""The language of the sentences in the code."""
LONGEST_TAG = 35
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_FORMATS = {"en": "en_001"}
"""English of no country writes dates as most of the world does."""


@dataclass(frozen=True, eq=False)
class Language:
    """One way to write: ``tag`` is its language tag (RFC 5646) and stands in ``lang``; ``code`` its
    language alone, by which its catalogue is named. There is one object per tag, so it is compared
    and hashed as that object."""

    tag: str
    code: str
    formats: Locale
    catalogue: gettext.NullTranslations

    def text(self, message: str, /, **values: object) -> str:
        """A sentence of ours, with ``%(name)s`` filled in; a per cent sign is written ``%%``."""
        return self.catalogue.gettext(message) % values

    def plural(self, one: str, several: str, number: int, /, **values: object) -> str:
        """The same for a number, which the sentence may name as ``%(number)s``."""
        return self.catalogue.ngettext(one, several, number) % {"number": number, **values}

    def month(self, day: date) -> str:
        """The month of a day: ``November 2026``."""
        return str(format_skeleton("yMMMM", day, locale=self.tag.replace("-", "_")))

    def day(self, day: date, style: str = "long") -> str:
        """``19 November 2026``; ``full`` adds the day of the week."""
        return _day(day, style, self)

    @property
    def weekdays(self) -> list[str]:
        """The days of the week, from Monday."""
        names = self.formats.days["stand-alone"]["wide"]
        return [str(names[day]) for day in range(7)]

    def all_of(self, names: Sequence[str]) -> str:
        """``a, b and c``."""
        return _list(len(names), self) % tuple(names)

    @property
    def dir(self) -> str:
        """The direction it is written in: ``ltr`` or ``rtl``."""
        return str(self.formats.text_direction)

    @cached_property
    def name(self) -> str:
        """What it calls itself: ``English``, ``Deutsch``."""
        return str(Locale.parse(self.code).get_display_name(self.code)).capitalize()


@lru_cache(maxsize=1_000)
def _day(day: date, style: str, language: Language) -> str:
    return format_date(day, style, language.formats)


@lru_cache(maxsize=100)
def _list(number: int, language: Language) -> str:
    """A list of so many names, each a ``%s``."""
    return format_list(["%s"] * number, locale=language.formats)


def N_(message: str) -> str:  # noqa: N802  (gettext's own name)
    """Marks a sentence for translation where it stands; it is translated where it is used."""
    return message


def codes() -> tuple[str, ...]:
    """The codes of all languages there are, ``SOURCE`` first."""
    return (SOURCE, *sorted(path.stem for path in _folder().glob("*.po")))


def choose(*wanted: str | None) -> Language:
    """The first of the wanted languages (tags as ``de-AT``, or a locale as ``de_AT.UTF-8``) that
    there is; ``SOURCE`` where there is none."""
    for tag in wanted:
        if tag and (found := _wanted(tag)) is not None:
            return found
    found = _wanted(SOURCE)
    assert found is not None  # noqa: S101  (it needs no file)
    return found


@lru_cache(maxsize=5_000)
def _wanted(tag: str) -> Language | None:
    plain = tag[:LONGEST_TAG].partition(".")[0].replace("_", "-")
    code = plain.partition("-")[0].lower()
    if not _TAG.fullmatch(plain) or code not in codes():
        return None
    try:
        return _language(str(Locale.parse(plain, sep="-")).replace("_", "-"))
    except (UnknownLocaleError, ValueError):  # a country that speaks another language
        return _language(code)


@lru_cache(maxsize=1_000)
def _language(tag: str) -> Language:
    """``tag`` is one that Babel knows, so that there are only so many."""
    code = tag.partition("-")[0]
    formats = Locale.parse(_FORMATS.get(tag, tag.replace("-", "_")))
    return Language(tag, code, formats, _catalogue(code))


@lru_cache(maxsize=100)
def _catalogue(code: str) -> gettext.NullTranslations:
    """Raises ConfigurationError when the file cannot be read."""
    if code == SOURCE:
        return gettext.NullTranslations()
    path = _folder() / f"{code}.po"
    compiled = io.BytesIO()
    try:
        with path.open("rb") as file:
            mofile.write_mo(compiled, pofile.read_po(file, locale=code, abort_invalid=True))
    except (OSError, ValueError, pofile.PoFileError) as error:
        raise ConfigurationError(f"translations {path}: {error}") from error
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@lru_cache(maxsize=1)
def _folder() -> Path:
    return resources.folder("translations")


def accepted(header: str) -> Iterable[str]:
    """The tags of an Accept-Language header (RFC 9110 section 12.5.4), the dearest first."""
    ranges = []
    for place, part in enumerate(header[:1_000].split(",")[:50]):
        tag, _, rest = part.partition(";")
        weight = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", rest, re.IGNORECASE)
        ranges.append((-float(weight[1]) if weight else -1.0, place, tag.strip()))
    return [tag for weight, _, tag in sorted(ranges) if weight < 0 and tag]
