from mailer.preview.pin_cost import PinCost


def test_a_cost_is_said_in_numbers_of_all_readers() -> None:
    exact = PinCost(readers=1_000, sample=1_000, get_it=400, before=88, lose={4: 1, 3: 311})
    assert exact.sentence() == (
        "311 readers lose their third story, 1 readers lose their fourth story; "
        "400 of 1,000 get it, 88 did before"
    )
    assert exact.document()["lose"] == {"3": 311, "4": 1}
    sampled = PinCost(readers=10_000, sample=1_000, get_it=3, before=3, lose={})
    assert (
        sampled.sentence() == "nobody loses a story; about 30 of 10,000 get it, about 30 did before"
    )
