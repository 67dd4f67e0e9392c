"""Rates as people write them."""

import pytest

from recommender.settings import limits
from recommender.settings.limits import Rate


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("14/second", (Rate(1, 14),)),
        ("5000/hour, 100/s", (Rate(1, 100), Rate(3600, 5000))),
        ("20 per 10 minutes", (Rate(600, 20),)),
        ("50000/day", (Rate(86_400, 50_000),)),
        ("1 / 2 h", (Rate(7_200, 1),)),
    ],
)
def test_rates_are_read_as_people_write_them(text: str, found: tuple[Rate, ...]) -> None:
    assert limits.rates(text) == found
    assert limits.rates(", ".join(map(str, found))) == found


@pytest.mark.parametrize(
    "text", ["", "fast", "0/s", "1/0s", "5/fortnight", "1/s, 2/second", "-1/s"]
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=repr(text)):
        limits.rates(text)


def test_a_domain_is_counted_under_the_name_it_is_mailed_by() -> None:
    found = limits.by_domain({"Straße.example+b.example": "5/second", "*": "1/second"})
    assert set(found) == {"xn--strae-oqa.example", "b.example", "*"}
