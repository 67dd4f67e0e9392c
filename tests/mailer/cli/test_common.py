from datetime import UTC, datetime

import pytest

from mailer.cli.common import WIDEST, counted, table

from .conftest import Run


def test_one_reader_is_no_readers(newsletter: Run) -> None:
    assert counted(1_200, "copy", "copies") == "1,200 copies"
    _, out, _ = newsletter("segments", "create", "chiefs", 'role = "CTO"')
    assert out == "chiefs: created, 1 reader, 1 of them can be mailed\n"
    _, out, _ = newsletter("editions", "proof", "--segment", "chiefs")
    assert "1 of 1 reader gets an issue" in out
    assert "nothing is wrong with the 1 copy checked" in out
    assert newsletter("editions", "send", "--segment", "chiefs", "--yes")[0] == 0
    assert "  1 reader, 1 sent, 0 waiting" in newsletter("editions", "report")[1]


def test_a_list_that_no_terminal_shows_is_not_padded_to_its_longest_word(
    capsys: pytest.CaptureFixture[str],
) -> None:
    table(["name", "#readers", "also"], [["a", 7, None], ["b" * 90, 1_200, "c"]], empty="none")
    assert capsys.readouterr().out.splitlines() == [
        f"{'name':<{WIDEST}}  readers  also",
        f"{'a':<{WIDEST}}        7",
        f"{'b' * 90}     1200  c",
    ]
    table(["name"], [], empty="none")
    assert capsys.readouterr().out == "none\n"


def test_of_an_edition_to_come_it_is_said_that_its_stories_are_those_of_now(
    newsletter: Run,
) -> None:
    later = f"{datetime.now(UTC).year + 1}-W20"
    for verb in ("proof", "plan"):
        _, _, err = newsletter("editions", verb, "--period", later)
        assert f"note: weekly-{later} has not begun" in err
        assert newsletter("editions", verb, "--json")[2] == ""
