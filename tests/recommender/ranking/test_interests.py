"""Interests are numbered in the order they are met, whatever their kind."""

from recommender.ranking.interests import Interest, Rows


def test_a_new_name_gets_the_next_row_of_all_kinds_and_keeps_it() -> None:
    order: list[Interest] = []
    topics, roles = Rows("topic", order), Rows("role", order)
    assert [topics["tpu"], roles["cto"], topics["chips"], topics["tpu"]] == [0, 1, 2, 0]
    assert order == [("topic", "tpu"), ("role", "cto"), ("topic", "chips")]
