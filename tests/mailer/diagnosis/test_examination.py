"""The gate before going live: shut until each thing is mended, and open then."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mailer.diagnosis import dns_lookup
from tests.mailer.conftest import ScriptedServer
from tests.mailer.diagnosis.dns_server import serving
from tests.mailer.diagnosis.test_sender_authentication import DOMAIN, WELL

Run = Callable[..., tuple[int, str, str]]
LIVE = {
    "FROM": f"News <hello@{DOMAIN}>",
    "BASE_URL": "https://news.example.org",
    "POSTAL_ADDRESS": "Gazette, 1 Street, Town",
    "TRUSTED_PROXIES": "127.0.0.1",
    "ALERT_TO": f"ops@{DOMAIN}",
    "BOUNCE_MAILBOX": "bounces",
    "DKIM_SELECTOR": "relay",
}


def checks(newsletter: Run, *arguments: str) -> tuple[int, list[dict[str, str]]]:
    status, out, _ = newsletter("doctor", *arguments, "--json")
    found = json.loads(out)
    assert found["passed"] == (status == 0)
    return status, found["checks"]


def test_every_warning_and_error_says_what_to_do(newsletter: Run) -> None:
    status, found = checks(newsletter, "--strict")
    wrong = [one for one in found if one["state"] != "ok"]
    assert status == 1
    assert all(one["what_to_do"] for one in wrong)
    about = {one["what"] for one in wrong}
    assert {"configuration", "alerts", "bounces", "relay", "backup", "DNS"} <= about
    assert checks(newsletter)[0] == 0  # to try things out, none of that is needed


@pytest.mark.parametrize("relay", [pytest.param("outbox:", id="shut"), pytest.param("", id="open")])
def test_the_gate_opens_when_all_is_mended(
    newsletter: Run,
    monkeypatch: pytest.MonkeyPatch,
    serve: Callable[..., ScriptedServer],
    relay: str,
) -> None:
    for name, value in LIVE.items():
        monkeypatch.setenv(f"NEWSLETTER_{name}", value)
    if not relay:
        monkeypatch.setenv("NEWSLETTER_SMTP_URL", f"smtp://127.0.0.1:{serve().port}")
    for folder in ("cur", "new", "tmp"):
        Path("bounces", folder).mkdir(parents=True)
    assert newsletter("store", "backup", "backup.db")[0] in (0, 1)  # PostgreSQL has its own
    monkeypatch.setenv("NEWSLETTER_BACKUP_PATH", str(Path("newsletter.toml").absolute()))
    for path in (Path.cwd(), *Path.cwd().rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    records = {**WELL, (f"relay._domainkey.{DOMAIN}", "TXT"): ['"v=DKIM1; p=QUJD"']}
    with serving(records) as resolver:
        monkeypatch.setattr(dns_lookup, "system_resolver", lambda: resolver)
        status, found = checks(newsletter, "--strict")
    wrong = [(one["what"], one["found"]) for one in found if one["state"] != "ok"]
    assert status == bool(relay)
    assert [what for what, _ in wrong] == (["relay"] if relay else [])


def test_a_store_that_is_not_there_is_said_once(
    newsletter: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("NEWSLETTER_DATABASE_URL", raising=False)
    monkeypatch.setenv("NEWSLETTER_HOME", str(tmp_path / "nowhere"))
    status, found = checks(newsletter)
    assert status == 1
    assert [one["what"] for one in found if one["state"] == "error"] == ["store"]
    assert sum("newsletter.db" in f"{one['found']} {one['what_to_do']}" for one in found) == 1


def test_a_key_that_can_be_guessed_is_a_finding_said_once(newsletter: Run) -> None:
    Path("newsletter.toml").write_text("")  # where the key is otherwise
    Path("secret_key").write_text("a" * 40)
    status, found = checks(newsletter)
    wrong = [one["found"] for one in found if one["state"] == "error"]
    assert (status, len(wrong)) == (1, 1)
    assert wrong[0].startswith("secret_key: is too easy to guess")
