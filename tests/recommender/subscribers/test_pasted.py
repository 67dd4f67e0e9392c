"""An address is found in what people paste; what is no address stays none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.subscribers import fields, pasted
from recommender.subscribers.addresses import normalise

AROUND = [
    "{}", "Kim Vega <{}>", '"Vega, Kim" <{}>', "<{}>", "mailto:{}", "MAILTO:{}?subject=Hi",
    "'{}'", "“{}”", "\u200b{}\ufeff", "{}\u00a0", "{}.", " {} ; ", "({})", "[{}](mailto:{})",
    "Kim <mailto:{}>", "\u2068{}\u2069",
]  # fmt: skip


@pytest.mark.parametrize("around", AROUND)
@given(
    local=st.from_regex(r"[a-z0-9]([a-z0-9._+]?[a-z0-9]){0,10}", fullmatch=True),
    domain=st.sampled_from(["example.com", "mail.example.org", "bücher.example.net"]),
)
def test_an_address_is_found_in_what_is_pasted(around: str, local: str, domain: str) -> None:
    address = f"{local}@{domain}"
    assert normalise(around.format(address, address)) == address


@pytest.mark.parametrize(
    "text",
    ["Kim <a@example.com>, Lou <b@example.com>", "a@example.com\nBcc: b@example.com",
     "a@example.com b@example.com", "Kim", "<>", "mailto:", "Kim a@example.com", "@example.com"],
)  # fmt: skip
def test_two_addresses_or_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^email: "):
        fields.draft(1, {"email": text})


@given(st.text(max_size=60))
def test_nothing_pasted_breaks_it_and_twice_is_once(text: str) -> None:
    found = pasted.address(text)
    assert "\u200b" not in found
    try:
        normal = normalise(text)
    except ValueError:
        return
    assert normalise(normal) == normal


def test_the_name_before_an_address_is_known() -> None:
    assert pasted.name('"Vega, Kim" <kim@example.com>') == "Vega, Kim"
    assert pasted.name("kim@example.com") == ""


def test_apostrophes_within_an_address_stay() -> None:
    assert normalise("o'neil@example.com") == "o'neil@example.com"
