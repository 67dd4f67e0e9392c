"""What operators see of the service."""

from .conftest import Place


def test_operators_see_that_it_is_well(place: Place) -> None:
    assert place.client.get("/healthz").text == "ok\n"
    assert place.client.get("/readyz").json() == {"ready": True, "reasons": []}
    found = place.client.get("/metrics").text
    assert 'newsletter_deliveries{edition="weekly-2026-W48",state="sent"} 12.0' in found
    assert "@" not in found
