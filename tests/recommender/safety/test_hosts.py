"""Names of hosts: the host that is meant, and no other that looks like it."""

import pytest

from recommender.safety.hosts import ascii_host


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("straße.example", "xn--strae-oqa.example"),
        ("STRAẞE.example", "xn--strae-oqa.example"),
        ("strasse.example", "strasse.example"),
        ("βόλος.example", "xn--nxasmm1c.example"),
        ("βόλοσ.example", "xn--nxasmq6b.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("Ｅxample.com", "example.com"),
        ("☕.example", "xn--53h.example"),
        ("ex_ample.com", "ex_ample.com"),
        ("example.com.", "example.com."),
        ("127.0.0.1", "127.0.0.1"),
    ],
)
def test_a_host_is_the_one_that_is_meant(written: str, host: str) -> None:
    assert ascii_host(written) == host


@pytest.mark.parametrize(
    "written", ["a..b", "ü..b", ".ü", "", "\ud800.com", "\u202eabc.com", "ü" * 70, "a" * 64]
)
def test_what_can_be_no_host_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"host|long|not allowed|Empty"):
        ascii_host(written)
