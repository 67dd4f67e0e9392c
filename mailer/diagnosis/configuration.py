"""Are the settings those of a newsletter that real people get?"""

from collections.abc import Iterator

from mailer.diagnosis.finding import Finding, error, ok, refused, warning
from mailer.relay import registry
from mailer.rendering import look as looks
from mailer.rendering.look import READABLE, contrast
from recommender import settings as settings_module
from recommender.errors import NewsletterError
from recommender.settings import Settings

SET = "set it in newsletter.toml"


def check(settings: Settings, *, strict: bool) -> list[Finding]:
    """Examples, misspelt variables, keys, https, proxies; ``strict``: who is told of troubles, and
    where bounces go, too."""
    found = [
        *_examples(settings),
        *_keys(settings),
        *_base_url(settings),
        *(_before_going_live(settings) if strict else ()),
    ]
    return found or [ok("configuration", "complete")]


def _examples(settings: Settings) -> Iterator[Finding]:
    for key in registry.missing_for_real_mail(settings):
        yield warning("configuration", f"{key} still has its example value", SET)
    for name in settings_module.unknown_variables():
        yield warning("configuration", f"{name} sets nothing; misspelt?", "take it out, or mend it")


def _keys(settings: Settings) -> Iterator[Finding]:
    if settings.secret_key is None and not settings.store_url.startswith("sqlite"):
        yield warning(
            "configuration",
            "secret_key is not set: each machine would make its own, and refuse others' links",
            "set one for all of them: `openssl rand -base64 32`",
        )
    try:
        _ = settings.secrets
    except NewsletterError as why:
        yield refused("configuration", why, "set another key")


def _base_url(settings: Settings) -> Iterator[Finding]:
    if settings.base_url.startswith("http://"):
        why = "base_url is not https, which RFC 8058 requires of the unsubscribe link"
        yield error(
            "configuration", why, "put a web server that speaks https in front (docs/deployment.md)"
        )
    elif settings.trusted_proxies is None and "base_url" in settings.model_fields_set:
        yield warning(
            "proxies",
            "trusted_proxies is not set: only a proxy on this machine is believed who asks; behind "
            "any other all readers count as one",
            "name your proxy (127.0.0.1 if it is here)",
        )


def _before_going_live(settings: Settings) -> Iterator[Finding]:
    if settings.alert_to is None and settings.alert_url is None:
        yield warning(
            "alerts",
            "nobody is told when something goes wrong",
            "set alert_to or alert_url, then run `newsletter alerts test`",
        )
    webhooks = (name for name in type(settings).model_fields if name.startswith("hooks_"))
    ways = ("bounce_mailbox", "lmtp_listen", *webhooks)
    if not any(getattr(settings, name) for name in ways if name != "hooks_max_age_minutes"):
        yield warning(
            "bounces",
            "bounces and complaints are not read, so that dead mailboxes are mailed again",
            "set bounce_mailbox, lmtp_listen or the provider's webhook (docs/bounces.md)",
        )
    if settings.smtp_url is None:
        yield warning(
            "relay", "smtp_url is not set: messages are files in the outbox", "set smtp_url"
        )


def check_look(settings: Settings) -> list[Finding]:
    """An accent that words cannot be written in is mended, and said here."""
    look = looks.look(settings.accent, settings.font)
    found: list[Finding] = []
    for what, palette, ground in (
        ("light", look.light, "#ffffff"),
        ("dark", look.dark, look.dark.sheet),
    ):
        before = contrast(settings.accent, ground)
        if palette.accent != settings.accent and before < READABLE:
            why = (
                f"accent {settings.accent} has a contrast of {before:.1f} on the {what} ground, "
                f"less than {READABLE} (WCAG 2.1): words are written in {palette.accent} there"
            )
            todo = f"leave it so, or set accent to {palette.accent}"
            found.append(warning("look", why, todo) if what == "light" else ok("look", why))
    return found or [ok("look", f"accent {settings.accent} can be read, light and dark")]
