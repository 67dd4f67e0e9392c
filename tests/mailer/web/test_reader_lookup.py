"""A reader is looked up with history and reasons, by editors, and that is noted."""

from .conftest import PASSWORD, Place

READER = "hardware@example.com"


def test_a_reader_is_shown_with_history_reasons_and_answers(open_place: Place) -> None:
    auth = ("Mina", PASSWORD)
    open_place.client.post("/admin/reader", data={"email": "no@example.com"}, auth=auth)
    page = open_place.client.post("/admin/reader", data={"email": READER, "action": "looked up"},
                                  auth=auth)  # fmt: skip
    assert page.status_code == 200
    for words in (
        f"<h2>{READER}</h2>",
        "new → active (import)",
        "weekly-2026-W48: sent",
        "topic: ",
    ):
        assert words in page.text
    log = open_place.client.get("/admin/audit", auth=auth).text
    assert "UTC: Mina, looked up (reader " in log
    assert READER not in log
    assert log.count("UTC:") == 1  # who found nobody has seen nobody


def test_who_is_not_there_is_said(open_place: Place) -> None:
    page = open_place.client.post("/admin/reader", data={"email": "no@example.com"},
                                  auth=("x", PASSWORD))  # fmt: skip
    assert (page.status_code, "No reader has this address." in page.text) == (404, True)
    assert open_place.client.get("/admin/reader").status_code == 401
