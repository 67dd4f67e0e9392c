"""Catalogues are complete, and every way to write a language leads to it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages import pofile
from babel.messages.catalog import Catalog, Message

from mailer import localization
from recommender import resources
from recommender.errors import ConfigurationError

TOP = Path(__file__).parents[2]
CODES = [code for code in localization.codes() if code != localization.SOURCE]
_PLACES = re.compile(r"%\((\w+)\)s|%%")


@pytest.fixture(scope="module")
def sentences(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, ...]]:
    """All that pages and mail say, found in code and templates as `make translations` finds it."""
    file = tmp_path_factory.mktemp("translations") / "sentences.pot"
    command = [sys.executable, "-m", "babel.messages.frontend", "--quiet", "extract"]
    options = ["-F", "pyproject.toml", "-k", "N_", "-k", "naming", "-o", str(file), "."]
    subprocess.run([*command, *options], cwd=TOP, check=True)
    with file.open("rb") as source:
        found = {forms(message)[0] for message in pofile.read_po(source) if message.id}
    assert len(found) > 100
    return found


def catalogue(code: str) -> Catalog:
    with (resources.folder("translations") / f"{code}.po").open("rb") as file:
        return pofile.read_po(file, locale=code, abort_invalid=True)


def forms(message: Message) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is translated, and into what: one text each, or one for each plural form."""
    ids = (message.id,) if isinstance(message.id, str) else (message.id or ())
    strings = (message.string,) if isinstance(message.string, str) else (message.string or ())
    return tuple(map(str, ids)), tuple(text or "" for text in strings)


@pytest.mark.parametrize("code", CODES)
def test_every_sentence_is_translated_and_nothing_is_left_over(
    code: str, sentences: set[tuple[str, ...]]
) -> None:
    translated = {forms(message)[0] for message in catalogue(code) if message.id}
    assert translated == sentences, "run `make translations`, then fill in what is empty"
    for message in catalogue(code):
        assert not message.fuzzy or not message.id
        assert all(forms(message)[1]), f"not translated: {message.id}"
    assert not catalogue(code).obsolete


@pytest.mark.parametrize("code", CODES)
def test_a_translation_fills_in_the_same_things(code: str) -> None:
    for message in catalogue(code):
        if not message.id:
            continue
        ids, strings = forms(message)
        named = {name for text in ids for name in _PLACES.findall(text)}
        for text in strings:
            assert set(_PLACES.findall(text)) <= named, message.id
            assert not _PLACES.sub("", text).count("%"), message.id
        assert set(_PLACES.findall(strings[-1])) == named, message.id
        ends = {text[-1] in ".?!:" for text in ids}
        assert {text[-1] in ".?!:" for text in strings} == ends, message.id


@pytest.mark.parametrize(
    ("wanted", "tag"),
    [
        (["fr", "de-CH", "en"], "de-CH"),
        (["de_DE@euro"], "en"),
        (["", None, "DE"], "de"),
        (["zh-Hant-TW"], "en"),
        (["../../etc/passwd"], "en"),
        (["de" * 30], "en"),
    ],
)
def test_the_first_language_there_is_is_chosen(wanted: list[str | None], tag: str) -> None:
    assert localization.choose(*wanted).tag == tag


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ("de-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", ["de-CH", "fr", "en", "de", "*"]),
        ("en;q=0.1,de", ["de", "en"]),
        ("de;q=0, en", ["en"]),
        ("", []),
        (";;;,,q=1,\x00", ["\x00"]),
    ],
)
def test_browsers_say_which_languages_they_prefer(header: str, tags: list[str]) -> None:
    assert [tag for tag in localization.accepted(header) if tag.strip("q=1")] == tags


def test_plurals_dates_and_lists_are_each_languages_own() -> None:
    import datetime

    day = datetime.date(2026, 11, 6)
    english, german = localization.choose("en"), localization.choose("de")
    assert (english.day(day), german.day(day)) == ("6 November 2026", "6. November 2026")
    assert localization.choose("en-US").day(day) == "November 6, 2026"
    assert german.all_of(["a", "b", "c"]) == "a, b und c"
    assert [one.name for one in (english, german)] == ["English", "Deutsch"]


def test_a_broken_catalogue_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "xx.po").write_text('msgid "a"\nsomething else\n')
    monkeypatch.setattr(localization, "_folder", lambda: tmp_path)
    with pytest.raises(ConfigurationError, match=r"xx\.po"):
        localization._catalogue("xx")


def test_commands_that_write_nothing_load_no_catalogue() -> None:
    code = "import sys; import mailer.cli; sys.exit('babel' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_german_addresses_its_readers_alike() -> None:
    """Formally, and never as somebody else: ``Ihre Auswahl``, not ``ihre`` or ``deine``."""
    other = re.compile(r"\b(du|dich|dir|dein\w*|ihr\w*|ihnen|euch|euer)\b")
    said = [text for message in catalogue("de") if message.id for text in forms(message)[1]]
    assert [text for text in said if other.search(text)] == []
