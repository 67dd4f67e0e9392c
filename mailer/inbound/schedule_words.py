"""Wishes for a day, a frequency or a pause, in English and German; a whole sentence must be one."""

import re
from typing import Literal

DAYS = (
    ("monday", "mondays?|montags?"),
    ("tuesday", "tuesdays?|dienstags?"),
    ("wednesday", "wednesdays?|mittwochs?"),
    ("thursday", "thursdays?|donnerstags?"),
    ("friday", "fridays?|freitags?"),
    ("saturday", "saturdays?|samstags?|sonnabends?"),
    ("sunday", "sundays?|sonntags?"),
)
_NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8,
    "a": 1, "eine": 1, "einen": 1, "zwei": 2, "drei": 3, "vier": 4,
    "fünf": 5, "sechs": 6, "acht": 8,
}  # fmt: skip
MOST_WEEKS = 26
_BEFORE = (
    r"(?:(?:please|bitte|only|just|nur|noch|nur noch|send (?:it|them|me)|i (?:want|prefer"
    r"|would like)(?: it)?|once|it|lieber|immer|and|und|make it|deliver(?: it)?"
    r"|schicken sie (?:es|ihn)) )*"
)
_AFTER = r"(?: (?:please|bitte|only|instead|is enough|reicht|genügt|would do|thanks|danke|nur))*"
_DAY = re.compile(
    rf"{_BEFORE}(?:on |every |each |am |an |jeden |immer )*(?:{_BEFORE})"
    rf"(?P<day>{'|'.join(f'{words}' for _, words in DAYS)}){_AFTER}"
)
_FREQUENCIES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(rf"{_BEFORE}(?:{words}){_AFTER}"))
    for name, words in (
        (
            "fortnightly",
            r"fortnightly|bi-?weekly|(?:every|once every) (?:two|2|other|second) weeks?"
            r"|alle (?:zwei|2) wochen|alle 14 tage|14-?tägig|zweiwöchentlich|vierzehntägig"
            r"|jede zweite woche",
        ),
        (
            "monthly",
            r"monthly|(?:once )?(?:a|per|every|each) month|once monthly|monatlich"
            r"|(?:einmal|1x|1 mal) (?:im|pro) monat|jeden monat",
        ),
        ("weekly", r"weekly|(?:once )?(?:a|per|every|each) week|wöchentlich|jede woche"),
    )
)
_PAUSE = re.compile(
    r"(?:please |bitte )*(?:pause|pausieren|hold|unterbrechen)(?: (?:it|me|for|für|the newsletter"
    r"|den newsletter))* (?P<number>\d{1,2}|[a-zäöü]+) (?:weeks?|wochen?)(?: please| bitte)?"
    r"|(?:please |bitte )*(?:für )?(?P<count>\d{1,2}|[a-zäöü]+) wochen? "
    r"(?:pause|pausieren|unterbrechen|aussetzen)"
)


def find(sentence: str) -> tuple[Literal["day", "frequency", "pause"], str] | None:
    """What a sentence, in small letters and without marks, wishes."""
    if found := _DAY.fullmatch(sentence):
        name = next(name for name, words in DAYS if re.fullmatch(words, found["day"]))
        return "day", name
    for name, words in _FREQUENCIES:
        if words.fullmatch(sentence):
            return "frequency", name
    if found := _PAUSE.fullmatch(sentence):
        text = found["number"] or found["count"]
        weeks = int(text) if text.isdecimal() else _NUMBERS.get(text, 0)
        if 0 < weeks <= MOST_WEEKS:
            return "pause", str(weeks)
    return None
