"""Titles in which a name is found word for word."""

from recommender.ranking.titles import Titles


def test_a_name_is_found_in_the_titles_that_hold_all_its_words_in_order() -> None:
    titles = Titles.of(["Zero trust at the border", "Trust is zero", "Borders", "Zero-trust nets"])
    assert titles.naming([["zero", "trust"]]).tolist() == [True, False, False, True]
    assert titles.naming([["zero", "trust"], ["border"]]).tolist() == [True, False, True, True]
    assert titles.naming([]).tolist() == [False] * 4
