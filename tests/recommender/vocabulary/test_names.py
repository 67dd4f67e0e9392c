"""Names are compared as people mean them."""

from recommender import vocabulary


def test_names_are_compared_without_case_width_or_spacing() -> None:
    assert vocabulary.fold("  AI\u00a0 Hardware\n") == "ai hardware"
    assert vocabulary.fold("ＡＩ Straße") == "ai strasse"
    assert vocabulary.fold(" \t") == ""
    assert len(vocabulary.fold("ß" * 200)) == 200
