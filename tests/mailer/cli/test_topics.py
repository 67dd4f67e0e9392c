"""``newsletter topics``."""

import json
from pathlib import Path

from .conftest import Run, answer


def test_topics_can_be_added_named_otherwise_and_merged(newsletter: Run) -> None:
    assert newsletter("topics", "add", "Left-handed Keyboards", "--definition", "Keys.")[0] == 0
    assert newsletter("topics", "alias", "Left-handed Keyboards", "LHK")[0] == 0
    found = answer(newsletter, "topics", "list", "--search", "lhk")["topics"]
    assert [topic["name"] for topic in found] == ["Left-handed Keyboards"]
    assert newsletter("topics", "merge", "Left-handed Keyboards", "AI Hardware")[0] == 0
    [found_now] = answer(newsletter, "topics", "list", "--search", "lhk")["topics"]
    assert found_now["name"] == "AI Hardware"


def test_what_a_change_comes_to_is_said_first_and_it_is_logged(newsletter: Run) -> None:
    status, out, error = newsletter("topics", "remove", "Venture Capital")
    assert status == 1
    assert out.startswith("Venture Capital: readers: ")
    assert error == (
        "error: readers and stories lose Venture Capital, which cannot be undone; "
        "add --yes to confirm\n"
    )
    parts = ("--into", "Seed Funding", "--into", "Growth Funding")
    planned = json.loads(newsletter("topics", "split", "venture capital", *parts, "--json")[1])
    assert (planned["done"], planned["step"]) == (False, "split")
    assert planned["readers"] > 0
    done = answer(newsletter, "topics", "split", "venture capital", *parts, "--yes", "--by", "Jane")
    assert (done["done"], done["readers"]) == (True, planned["readers"])
    assert answer(newsletter, "topics", "list", "--search", "venture c")["topics"] == []
    held = answer(newsletter, "subscribers", "show", "founder@example.com")["topics"]
    assert held["Seed Funding"] == held["Growth Funding"] == 2
    assert newsletter("topics", "remove", "Seed Funding", "--yes")[0] == 0
    newsletter("topics", "merge", "Growth Funding", "AI Strategy")
    newsletter("topics", "hide", "AI Strategy")
    newsletter("topics", "offer", "AI Strategy", "--json")
    log = answer(newsletter, "topics", "history")["corrections"]
    assert [one["kind"] for one in log] == ["split", "remove", "merge", "hide", "offer"]
    assert (log[0]["by"], log[0]["topic"]) == ("Jane", "Venture Capital")
    assert log[0]["summary"]["readers"] == planned["readers"]
    assert len(answer(newsletter, "topics", "history", "AI Strategy")["corrections"]) == 2


def test_roles_are_split_and_removed_likewise(newsletter: Run) -> None:
    parts = ("--into", "Founder", "--into", "Owner")
    assert newsletter("roles", "split", "Entrepreneur", *parts, "--yes")[0] == 0
    roles = answer(newsletter, "subscribers", "show", "founder@example.com")["roles"]
    assert {"Founder", "Owner"} <= set(roles)
    status, _, error = newsletter("roles", "split", "Owner", "--into", "Founder", "--yes")
    assert (status, error) == (1, "error: a role is split into two or more; repeat --into\n")
    assert newsletter("roles", "remove", "Nobody's", "--yes")[0] == 1
    (line,) = newsletter("roles", "history")[1].splitlines()
    assert "split Entrepreneur (readers: 1; stories: " in line
    assert line.endswith("into: Founder, Owner)")


def test_a_topic_is_known_by_its_name_in_another_language(newsletter: Run, tmp_path: Path) -> None:
    found = answer(newsletter, "topics", "list", "--search", "künstliche intell")["topics"]
    assert [topic["name"] for topic in found] == ["Artificial Intelligence", "Generative AI"]
    assert "Künstliche Intelligenz" in found[0]["aliases"]
    given = ("--topic", "künstliche Intelligenz", "--topic", "Cibersegurança")
    assert newsletter("subscribers", "add", "kim@example.com", *given)[0] == 0
    people = tmp_path / "people.csv"
    people.write_text("email,topics\nlee@example.com,Intelligence artificielle;Cibersegurança\n")
    assert newsletter("subscribers", "import", str(people))[0] == 0
    for reader in ("kim@example.com", "lee@example.com"):
        topics = answer(newsletter, "subscribers", "show", reader)["topics"]
        assert set(topics) == {"Artificial Intelligence", "Security"}
