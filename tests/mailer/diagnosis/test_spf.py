"""An SPF record is judged as receivers evaluate it (RFC 7208)."""

import pytest

from tests.mailer.diagnosis.test_sender_authentication import DOMAIN, WELL, examined


@pytest.mark.parametrize(
    ("record", "state", "why"),
    [
        ("v=spf1 a mx ~all", "ok", "2 of 10"),
        ("v=spf1 redirect=relay.net", "ok", "1 of 10"),
        ("v=spf1 mx", "warning", "says nothing of all other"),
        ("v=spf1 +all", "error", "lets anybody send"),
        ("v=spf1 ip4:192.0.2.0/40 -all", "error", "names no network"),
        ("v=spf1 ip6:2001:db8::/32 -all", "ok", "0 of 10"),
        ("v=spf1 inlcude:relay.net -all", "error", "is no term of SPF"),
        ("v=spf1 include:nowhere.net -all", "error", "has no SPF record"),
        (f"v=spf1 include:{DOMAIN} -all", "error", "includes itself"),
        ("v=spf1 a mx a:b.ch a:c.ch a:d.ch a:e.ch mx:f.ch mx:g.ch a:h.ch a:i.ch a:j.ch -all",
         "error", "more than 10 lookups"),
    ],
)  # fmt: skip
def test_an_spf_record_counts_only_when_it_can_be_evaluated(
    record: str, state: str, why: str
) -> None:
    spf = examined({**WELL, (DOMAIN, "TXT"): [f'"{record}"', '"google-site=1"']})[0]
    assert (spf.what, spf.state) == ("SPF", state)
    assert why in spf.found
