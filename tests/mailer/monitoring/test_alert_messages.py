"""Alerts read well, and no subject can break out of its line."""

from datetime import datetime, timedelta

from mailer.monitoring import alert_messages
from recommender.models import Alert, Turn


def alert(now: datetime, turn: Turn, subject: str = "mx.example:587") -> Alert:
    return Alert(
        id=1, kind="relay", subject=subject, sentence="takes no mail: it hangs",
        what_to_do="see that it runs", turn=turn, began_at=now - timedelta(hours=2), made_at=now,
    )  # fmt: skip


def test_a_mail_says_what_since_when_and_what_to_do(now: datetime) -> None:
    began, over = alert(now, Turn.BEGAN), alert(now, Turn.OVER)
    assert alert_messages.headline([began]) == "mx.example:587 takes no mail: it hangs"
    assert alert_messages.headline([over]) == "mx.example:587 is well again"
    assert alert_messages.headline([over, began]) == "2 things, first: mx.example:587 is well again"
    assert alert_messages.paragraph(began) == (
        "mx.example:587 takes no mail: it hangs\n"
        "  Since 2026-11-24 07:00 UTC. What to do: see that it runs."
    )
    assert alert_messages.paragraph(over) == (
        "Over: mx.example:587 takes no mail: it hangs\n"
        "  From 2026-11-24 07:00 UTC to 2026-11-24 09:00 UTC. There is nothing to do."
    )


def test_a_headline_is_one_short_line(now: datetime) -> None:
    line = alert_messages.headline([alert(now, Turn.BEGAN, "a\r\nBcc: b@example.com " * 50)])
    assert len(line) == alert_messages.MAX_SUBJECT
    assert line.isprintable()


def test_a_machine_is_told_all_of_it(now: datetime) -> None:
    document = alert_messages.document(alert(now, Turn.OVER), "weekly")
    assert document["type"] == "trouble.over"
    assert document["data"] == {
        "newsletter": "weekly", "kind": "relay", "subject": "mx.example:587",
        "sentence": "takes no mail: it hangs", "what_to_do": "see that it runs",
        "began_at": "2026-11-24T07:00:00+00:00", "ended_at": "2026-11-24T09:00:00+00:00",
    }  # fmt: skip
