"""Feedback reports: which of them are complaints."""

import pytest

from mailer.inbound import formats

from .reports import ID, complaint


@pytest.mark.parametrize(
    ("kind", "counts"),
    [
        *(("abuse", True), ("fraud", True), ("not-spam", False)),
        *(("auth-failure", False), ("virus", False), ("other", False), ("", False)),
    ],
)
def test_who_complains_is_heard(kind: str, *, counts: bool) -> None:
    value = formats.parse(complaint(kind))
    assert (value is not None) is counts
    assert value is None or (value.kind, value.identifiers.message_ids) == ("complaint", (ID,))
