import re

import pytest

from mailer.preview.pin_cost import SEVERAL, PinCost


def test_a_cost_is_said_in_numbers_of_all_readers() -> None:
    exact = PinCost(1_000, 1_000, get_it=400, before=87, lose={4: 1, 3: 310, None: 2})
    assert exact.sentence() == (
        "400 of 1,000 readers get it, 87 did before; "
        "of the other 313, 310 lose their third story, 1 loses their fourth story, 2 lose none"
    )
    assert exact.document()["lose"] == {"3": 310, "4": 1, "none": 2}
    sampled = PinCost(readers=10_000, sample=1_000, get_it=3, before=3, lose={})
    assert sampled.sentence() == (
        "about 30 of 10,000 readers get it, about 30 did before (estimated from 1,000 readers)"
    )


def test_one_reader_is_no_readers() -> None:
    one = PinCost(readers=1, sample=1, get_it=1, before=0, lose={SEVERAL: 1})
    assert one.sentence() == (
        "1 of 1 reader gets it, none did before; each loses more than one story"
    )


@pytest.mark.parametrize("readers", [2_001, 9_999, 31_337, 1_000_000])
def test_estimates_from_a_sample_add_up(readers: int) -> None:
    lose: dict[int | str | None, int] = {1: 7, 2: 311, 3: 313, 10: 1, SEVERAL: 5, None: 13}
    cost = PinCost(readers, 2_000, get_it=711, before=61, lose=lose)
    assert sum(lose.values()) == cost.get_it - cost.before
    said = cost.sentence().replace(",", "")
    get_it, before, others = (
        int(re.findall(pattern, said)[0])
        for pattern in (r"about (\d+) of", r"about (\d+) did before", r"of the other (\d+)")
    )
    lost = [int(number) for number in re.findall(r"(\d+) loses?", said)]
    assert get_it - before == others == sum(lost)
