"""``newsletter templates``: from a copy of the installed ones to mail that is made from it."""

import json
from pathlib import Path

import pytest

from .conftest import Run, answer


def test_own_templates_are_ejected_changed_checked_and_sent(
    newsletter: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert newsletter("templates", "eject", "mine")[0] == 0
    assert answer(newsletter, "templates", "check", "mine")["findings"] == []
    weekly = Path("mine/weekly.mjml")
    weekly.write_text(weekly.read_text().replace('width="600px"', 'width="560px"'))
    monkeypatch.setenv("NEWSLETTER_TEMPLATES", "mine")
    assert newsletter("preview", "cto@example.com", "--html", "p.html")[0] == 0
    assert "max-width:560px" in Path("p.html").read_text()
    assert newsletter("editions", "send", "--yes")[0] == 0
    assert b"max-width:560px" in next(Path("outbox").rglob("*.eml")).read_bytes()


def test_a_template_that_breaks_a_rule_fails_the_check(newsletter: Run) -> None:
    newsletter("templates", "eject", "mine")
    footer = Path("mine/footer.mjml")
    footer.write_text(footer.read_text().replace("issue.unsubscribe_url", "issue.view_url"))
    status, out, _ = newsletter("templates", "check", "mine", "--json")
    found = json.loads(out)["findings"]
    assert status == 1
    assert "Gmail, Yahoo: visible unsubscribe link" in {
        one["rule"] for one in found if one["severity"] == "error"
    }
    footer.write_text("{% include '/etc/passwd' %}")
    status, _, err = newsletter("templates", "check", "mine")
    assert (status, "use mj-include" in err) == (1, True)


def test_each_newsletter_may_have_templates_of_its_own(
    newsletter: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsletter("newsletters", "add", "daily", "title=The Daily Brief", "schedule=daily 07:00")
    daily = ("--newsletter", "daily")
    _, out, _ = newsletter(*daily, "templates", "eject", "mine/daily")
    assert out.endswith('write templates = "mine" into newsletter.toml to use them\n')
    masthead = Path("mine/daily/weekly.mjml")
    masthead.write_text(masthead.read_text().replace('width="600px"', 'width="540px"'))
    assert newsletter(*daily, "templates", "check", "mine/daily")[0] == 0
    monkeypatch.setenv("NEWSLETTER_TEMPLATES", "mine")
    for of, width in ((daily, "540px"), ((), "600px")):  # the first has the installed ones
        assert newsletter(*of, "preview", "cto@example.com", "--html", "p.html")[0] == 0
        assert f"max-width:{width}" in Path("p.html").read_text()
    assert newsletter(*daily, "editions", "send", "--yes")[0] == 0
    assert b"max-width:540px" in next(Path("outbox").rglob("*.eml")).read_bytes()
    newsletter("templates", "eject", "mine")
    weekly = Path("mine/weekly.mjml")
    weekly.write_text(weekly.read_text().replace('width="600px"', 'width="580px"'))
    for of, width in ((daily, "540px"), ((), "580px")):
        newsletter(*of, "preview", "cto@example.com", "--html", "p.html")
        assert f"max-width:{width}" in Path("p.html").read_text()


def test_a_fault_is_one_line_with_its_file_and_line(newsletter: Run) -> None:
    newsletter("templates", "eject", "mine")
    footer = Path("mine/footer.mjml")
    footer.write_text("\n" + footer.read_text().replace("issue.footer_why", "issue.foter"))
    status, _, err = newsletter("templates", "check", "mine")
    assert status == 1
    assert err.startswith("error: template mine/footer.mjml:4 ({{ issue.foter }}): ")
