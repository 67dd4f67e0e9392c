"""Settings are those of a newsletter for real people, or it is said which are not."""

from typing import Any

from mailer.diagnosis import configuration
from recommender.settings import Settings

SET = {"sender": "a@gazette.ch", "postal_address": "Street, Town"}
REAL: dict[str, Any] = {"base_url": "https://news.gazette.ch", "trusted_proxies": "127.0.0.1"}


def said(*, going_live: bool = False, **values: object) -> list[tuple[str, str]]:
    settings = Settings(**SET, **values)  # type: ignore[arg-type]
    found = configuration.check(settings, strict=going_live)
    return [(one.state, one.found.partition(":")[0].split(" is ")[0]) for one in found]


def test_pages_need_https_and_a_proxy_with_a_name() -> None:
    assert said(base_url="http://news.gazette.ch") == [("error", "base_url")]
    assert said(base_url="https://news.gazette.ch") == [("warning", "trusted_proxies")]
    assert said(**REAL) == [("ok", "complete")]


def test_going_live_takes_alerts_bounces_and_a_relay() -> None:
    assert len(said(going_live=True, **REAL)) == 3
    told: dict[str, Any] = {"alert_to": "ops@gazette.ch", "smtp_url": "smtp://127.0.0.1"}
    for way in ("bounce_mailbox", "lmtp_listen", "hooks_postmark_secret"):
        values: dict[str, Any] = {"bounce_mailbox": "/var/mail", "lmtp_listen": "127.0.0.1:2424",
                  "hooks_postmark_secret": "user:a-password-of-some-length-41"}  # fmt: skip
        assert said(going_live=True, **REAL, **told, **{way: values[way]}) == [
            ("ok", "complete")
        ], way
