"""``newsletter newsletters`` and ``--newsletter``: several publications in one store."""

from pathlib import Path

from .conftest import Run, answer

DAILY = ("title=The Daily Brief", "schedule=daily 07:30", "picks=2", "from=D <d@example.org>")
DAY = ("--period", "2026-11-27")


def test_two_newsletters_are_sent_each_in_its_own_name(newsletter: Run) -> None:
    newsletter("segments", "create", "builders", 'role in ("Hardware Engineer", "Data Engineer")')
    added = answer(newsletter, "newsletters", "add", "daily", *DAILY, "--segment", "builders")
    assert (added["schedule"], added["picks"], added["segment"]) == ("daily 07:30", 2, "builders")
    sent = answer(newsletter, "--newsletter", "daily", "editions", "send", "--yes", *DAY)
    assert (sent["edition"], sent["sent"]) == ("daily-2026-11-27", 2)
    weekly = answer(newsletter, "editions", "send", "--yes", "--period", "2026-W48")
    assert (weekly["edition"], weekly["sent"]) == ("weekly-2026-W48", 12)
    [first, *_] = Path("outbox/daily-2026-11-27").iterdir()
    assert b"From: D <d@example.org>" in first.read_bytes()
    assert b"The Daily Brief <daily." in first.read_bytes()
    who = "hardware@example.com"
    picks = [
        answer(newsletter, "--newsletter", name, "picks", who, "--period", period)["picks"]
        for name, period in (("daily", "2026-11-27"), ("weekly", "2026-W48"))
    ]
    stories = [{pick["story"] for pick in chosen} for chosen in picks]
    assert stories[0]
    assert not stories[0] & stories[1]


def test_newsletters_are_listed_changed_and_retired(newsletter: Run) -> None:
    answer(newsletter, "newsletters", "add", "daily", *DAILY)
    changed = answer(newsletter, "newsletters", "set", "daily", "picks=4", "--clear", "title")
    assert (changed["picks"], changed["title"]) == (4, "The Weekly Brief")
    assert answer(newsletter, "newsletters", "retire", "daily")["retired_at"]
    status, _, err = newsletter("--newsletter", "daily", "editions", "send", "--yes", *DAY)
    assert (status, "daily has retired" in err) == (1, True)
    rows = answer(newsletter, "newsletters", "list")["newsletters"]
    assert [(row["name"], row["retired_at"] is None) for row in rows] == [
        ("weekly", True), ("daily", False),
    ]  # fmt: skip
    assert "daily 07:30" in newsletter("newsletters", "show", "daily")[1]


def test_what_is_wrong_is_one_line(newsletter: Run) -> None:
    for arguments, why in (
        (("newsletters", "add", "daily", "pick=4"), "a newsletter has no 'pick' of its own"),
        (("newsletters", "add", "daily", "picks"), "'picks' is not KEY=VALUE"),
        (("newsletters", "set", "weekly", "picks=4"), "change it there"),
        (("--newsletter", "hourly", "editions", "list"), "no newsletter 'hourly'"),
        (("editions", "plan", *DAY), "the nearest is 2026-W48"),
    ):
        status, out, err = newsletter(*arguments)
        assert (status in (1, 2), out, err.count("\n")) == (True, "", 1)
        assert err.startswith("error: ")
        assert why in err


def test_a_reader_leaves_one_newsletter_by_command(newsletter: Run) -> None:
    answer(newsletter, "newsletters", "add", "daily", *DAILY)
    who = "cto@example.com"
    out = newsletter("--newsletter", "daily", "subscribers", "unsubscribe", who)[1]
    assert out == f"{who}: unsubscribed from daily; still gets weekly\n"
    shown = answer(newsletter, "subscribers", "show", who)
    assert (shown["status"], shown["newsletters"]) == ("active", {"weekly": True, "daily": False})
