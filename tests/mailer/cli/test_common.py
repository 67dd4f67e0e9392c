from mailer.cli.common import counted

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
