"""The words of whatever HTML a feed holds."""

import pytest

from recommender.articles import markup


@pytest.mark.parametrize(
    "section", ["<![CDA", "<![CDAontent:", "<![if x", "<![", "<![]]", "<![a[b"]
)
@pytest.mark.parametrize("after", ["", ">", "]]> after", " and <b>more</b>"])
def test_a_marked_section_of_any_kind_costs_nobody_the_words_before_it(
    section: str, after: str
) -> None:
    assert markup.text(f"<p>before</p>{section}{after}").startswith("before")
