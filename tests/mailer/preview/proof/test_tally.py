import msgspec

from mailer.preview.proof.tally import MOST_BYTES, MOST_NAMED, Example, Tally, ordered


def example(email: str) -> Example:
    return Example(email=email, name="", picks="[]", reader="{}")


def test_the_tallies_of_two_parts_add_up_to_that_of_all() -> None:
    parts = [Tally(), Tally()]
    parts[0].take(example("a"), [1, 2], ["role:CTO"])
    parts[0].leave_out("b", "frequency")
    parts[1].take(example("c"), [2], ["role:CTO", "segment:few"])
    parts[1].leave_out("d", "frequency")
    for part, size in zip(parts, (MOST_BYTES + 1, 10), strict=True):
        part.measure(size)
        part.breaks("links", "warning", "here")
    total = Tally()
    for part in parts:
        total.add(msgspec.json.decode(msgspec.json.encode(part), type=Tally))
    assert (total.readers, total.with_issue, total.without) == (4, 2, {"frequency": 2})
    assert total.stories == {"1": 1, "2": 2}
    assert total.groups == {"role:CTO": 2, "segment:few": 1}
    assert total.lengths == {"2": 1, "1": 1}
    assert total.examples["role:CTO"][0].email == "a"
    assert total.largest == MOST_BYTES + 1
    assert {one.rule: (one.severity, one.messages) for one in total.broken.values()} == {
        "Gmail: HTML is not clipped": ("error", 1),
        "links": ("warning", 2),
    }


def test_only_so_many_readers_without_an_issue_are_named() -> None:
    tally = Tally()
    for number in range(MOST_NAMED + 50):
        tally.leave_out(str(number), "nothing_relevant")
    assert len(tally.nobody) == MOST_NAMED
    assert tally.without == {"nothing_relevant": MOST_NAMED + 50}


def test_counts_are_ordered_by_number_and_then_by_name() -> None:
    assert ordered({"b": 1, "a": 1, "c": 2}) == [("c", 2), ("a", 1), ("b", 1)]
