"""A rule about tags is a rule about the attribute that holds them."""

import pytest

from recommender.segments.grammar import parse
from recommender.segments.nodes import TAGS, Node


def plain(node: Node) -> object:
    return (node.kind, node.values, [plain(part) for part in node.parts])


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ('tag = "vip"', 'attribute("tags") has "vip"'),
        ('tag != "vip"', 'not attribute("tags") has "vip"'),
        ('tag in ("a", "b")', 'attribute("tags") has "a" or attribute("tags") has "b"'),
    ],
)
def test_tags_are_short_for_their_attribute(short: str, long: str) -> None:
    assert plain(parse(short)) == plain(parse(long))


def test_a_path_leads_into_attributes() -> None:
    assert parse('attribute("team.names") has "north"').values == ("team.names", "north")
    assert parse("tag is none").values == (TAGS,)
