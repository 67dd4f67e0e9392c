"""What a field takes, and what it refuses in words."""

import pytest

from recommender.subscribers import fields


@pytest.mark.parametrize("weight", [10**400, -(10**400), 4, -2.5, float("nan"), float("inf")])
def test_a_weight_of_any_size_is_refused_in_words(weight: float) -> None:
    with pytest.raises(ValueError, match="not between -2 and 3"):
        fields.draft(1, {"email": "reader@example.com", "topics": {"AI Strategy": weight}})
