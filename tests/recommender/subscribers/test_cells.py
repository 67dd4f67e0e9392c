"""Several names in a cell are told apart as people separate them, and come back as they were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.subscribers import cells


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("Robotics, Chips", ["Robotics", "Chips"]),
        ("Robotics|Chips", ["Robotics", "Chips"]),
        ("Robotics\nChips", ["Robotics", "Chips"]),
        ("Robotics; Law, Order; Chips", ["Robotics", "Law, Order", "Chips"]),
        ("A, B|C", ["A, B", "C"]),
        ('"Law, Order","Chips"', ["Law, Order", "Chips"]),
        ('"say ""hi""",B', ['say "hi"', "B"]),
        ("“creators”, “pilots”", ["creators", "pilots"]),
        ('["VIP", "Law, Order", null, 3]', ["VIP", "Law, Order", "3"]),
        ('5" disks, 8" disks', ['5" disks', '8" disks']),
        ("VIP,vip, ,Vip", ["VIP"]),
        ("['VIP', 'Law, Order']", ["VIP", "Law, Order"]),
        ("[broken", ["[broken"]),
        (" ;, ", [","]),
    ],
)
def test_names_are_told_apart(cell: str, names: list[str]) -> None:
    assert cells.names(cell) == names


@pytest.mark.parametrize(
    ("cell", "topics"),
    [
        ("Robotics:3; Chips:-2; Law", {"Robotics": 3, "Chips": -2, "Law": 1}),
        ("Robotics:2, Chips: 1.5", {"Robotics": 2, "Chips": 1.5}),
        ("Rust: the book", {"Rust: the book": 1}),
        ("Budget:2027, ISO:9001", {"Budget:2027": 1, "ISO:9001": 1}),
        ("Robotics:7", {"Robotics:7": 1}),
        ('"Law, Order":2, "Budget:2"', {"Law, Order": 2, "Budget:2": 1}),
        ('["Robotics"]', {"Robotics": 1}),
        ("Robotics:", {"Robotics:": 1}),
        (":3", {}),
    ],
)
def test_a_weight_is_a_weight_only_where_it_may_be_one(cell: str, topics: dict[str, float]) -> None:
    assert cells.weighted(cell) == topics


NAMES = st.text(st.sampled_from('ab:;|,"“” \n[]1-3é'), min_size=1, max_size=12).map(
    lambda text: " ".join(text.split())
).filter(lambda name: name and not name.startswith("“") and "“" not in name)  # fmt: skip


@given(st.lists(NAMES, max_size=5, unique_by=str.casefold))
def test_what_is_joined_is_told_apart_again(names: list[str]) -> None:
    assert cells.names(cells.joined(names)) == names


@given(st.dictionaries(NAMES, st.sampled_from([-2.0, -0.5, 1.0, 2.25, 3.0]), max_size=5))
def test_weights_come_back_with_their_names(topics: dict[str, float]) -> None:
    assert cells.weighted(cells.joined_weights(topics)) == topics


@given(st.text(st.sampled_from('a":;|,“” \n\t[]'), max_size=300))
def test_no_cell_breaks_a_reading(cell: str) -> None:
    assert all(cells.names(cell))
    assert all(cells.weighted(cell))
