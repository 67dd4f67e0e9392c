"""Words of strangers move no cursor, set no title and turn no text."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from recommender.safety import escaping


def test_commands_to_a_terminal_are_written_out() -> None:
    assert escaping.one_line("No\x1b]0;owned\x07 way\r\nout\x9b2J") == (
        r"No\x1b]0;owned\x07 way out\x9b2J"
    )
    assert escaping.one_line("abc\u202etxt.exe") == r"abc\u202etxt.exe"
    assert escaping.one_line(b"caf\xc3\xa9 \xff") == r"café \xff"
    assert escaping.for_terminal("a\n\tb\x1b[31m") == "a\n\tb\\x1b[31m"


@given(st.text() | st.binary(), st.integers(1, 50))
def test_any_words_become_one_harmless_line(words: str | bytes, most: int) -> None:
    line = escaping.one_line(words, most)
    assert len(line) <= most
    assert not {unicodedata.category(letter) for letter in line} & {"Cc", "Cs", "Zl", "Zp"}
    assert not set(line) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
