"""``newsletter topics``."""

from .conftest import Run, answer


def test_topics_can_be_added_named_otherwise_and_merged(newsletter: Run) -> None:
    assert newsletter("topics", "add", "Left-handed Keyboards", "--definition", "Keys.")[0] == 0
    assert newsletter("topics", "alias", "Left-handed Keyboards", "LHK")[0] == 0
    found = answer(newsletter, "topics", "list", "--search", "lhk")["topics"]
    assert [topic["name"] for topic in found] == ["Left-handed Keyboards"]
    assert newsletter("topics", "merge", "Left-handed Keyboards", "AI Hardware")[0] == 0
    [found_now] = answer(newsletter, "topics", "list", "--search", "lhk")["topics"]
    assert found_now["name"] == "AI Hardware"
