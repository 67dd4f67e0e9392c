"""Every key of ``newsletter.toml`` and ``NEWSLETTER_…``, typed; the only reader of the environment.

The environment wins over the file, the file over the defaults. A wrong value, an unknown key or a
missing one is a ``ConfigurationError`` that names the key. Durations are in the unit the key's
description says.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo, available_timezones

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AliasChoices,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from recommender import resources
from recommender.errors import ConfigurationError
from recommender.settings import keys
from recommender.settings.limits import DomainTable, HoursText, RatesText, StepsText
from recommender.settings.networks import LOOPBACK, Network, NetworksText

PREFIX = "NEWSLETTER_"
FILE = "newsletter.toml"
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_FILE_URL = re.compile(r"(sqlite(?:\+\w+)?:///)([^/].*)")
"""The URL of a SQLite file with a relative path."""
_SCHEDULE = re.compile(r"\s*([a-z]{3,9})\s+([01]?\d|2[0-3]):([0-5]\d)\s*", re.IGNORECASE)


class Settings(BaseSettings):
    """What an operator can set. ``Settings`` is made by ``load`` and passed on as an argument."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="forbid", frozen=True, str_strip_whitespace=True
    )

    home: Path = Field(Path("var"), description="folder of the store and the outbox")
    database_url: str | None = Field(
        None, description="the store; default: SQLite, newsletter.db in home"
    )
    smtp_url: str | None = Field(
        None,
        description="relay, or several with commas: smtp://user:pass@host:port?starttls=require",
    )
    base_url: str = Field(
        "https://newsletter.example.org", description="where readers reach the web pages"
    )
    trusted_proxies: NetworksText = Field(
        None,
        description="proxies that are believed who asks, addresses and networks with commas: "
        "10.0.0.0/8; besides those on this machine (127.0.0.1, ::1)",
    )
    secret_key: SecretStr | None = Field(
        None, description="signs links; default: made once and kept in home/secret_key"
    )
    old_secret_keys: SecretStr | None = Field(
        None, description="keys that signed before, with commas: links made with them still work"
    )
    admin_password: SecretStr | None = Field(
        None,
        description="opens the operators' pages, /admin; default: there are none",
    )
    sender: str = Field(
        "The Weekly Brief <newsletter@newsletter.example.org>",
        validation_alias=AliasChoices(f"{PREFIX}FROM", "sender"),
        description="the From mailbox",
    )
    reply_to: str | None = Field(None, description="the Reply-To mailbox; default: none")
    bounce_address: str | None = Field(
        None, description="envelope sender for bounces; default: the From address"
    )
    verp: bool = Field(
        False,
        description="true: bounce_address carries a tag per copy, bounces+TAG@…, and must take it",
    )
    soft_bounces: int = Field(
        3, ge=1, description="a reader whom so many editions did not reach counts as bounced"
    )
    soft_bounce_days: int = Field(60, ge=1, description="soft bounces of so many days add up")
    bounce_mailbox: Path | None = Field(
        None, description="Maildir to which bounces come; `newsletter bounces poll` reads it"
    )
    postal_address: str = Field(
        "The Weekly Brief, 1 Example Street, Example City",
        description="the sender's postal address, shown in every issue",
    )
    newsletter: str = Field("weekly", description="name of the newsletter", pattern=r"^[a-z0-9-]+$")
    title: str = Field("The Weekly Brief", description="title in the masthead", min_length=1)
    language: str = Field(
        "en", description="language of pages and mail for readers who prefer none of those known"
    )
    schedule: str = Field("thursday 08:00", description="day of the week and time of day")
    timezone: str = Field("UTC", description="time zone of the schedule (IANA name)")
    local_time: bool = Field(
        False, description="true: the schedule's hour in each reader's own time zone"
    )
    catch_up_hours: int = Field(
        72, ge=0, le=168, description="after downtime, still send an issue at most this late"
    )
    picks: int = Field(6, ge=1, le=20, description="stories in an issue")
    relevance_floor: float = Field(
        0.05, ge=0, le=1, description="stories that score less are not sent"
    )
    horizon_days: int = Field(
        1200, ge=1, description="stories published longer ago are no candidates"
    )
    tracking: bool = Field(True, description="links go through signed redirects")
    in_doubt: Literal["skip", "resend"] = Field(
        "skip", description="what to do with a message whose answer was lost"
    )
    connections: int = Field(4, ge=1, le=100, description="open connections per relay")
    processes: int | None = Field(
        None,
        ge=1,
        le=64,
        description="that plan and send a large edition together; default: one per core",
    )
    messages_per_connection: int = Field(500, ge=1, description="reconnect after so many messages")
    timeout_seconds: float = Field(
        30, gt=0, le=600, description="longest wait for a relay's answer"
    )
    retry_hours: float = Field(
        48, gt=0, description="a deferred message is given up after so many hours"
    )
    rate: RatesText = Field(
        None, description="most messages in any window: 100/second, 5000/hour; default: no limit"
    )
    domain_rates: DomainTable = Field(
        None,
        description="the same per recipient domain, a table: gmail.com:20/second, *:50/second",
    )
    warm_up: StepsText = Field(
        None,
        description="new sending domain: messages on the first day, the second, …: 50, 100, 500",
    )
    quiet_hours: HoursText = Field(
        None, description="on the reader's clock, nothing falls due in them: 21:00-07:00"
    )
    stop_when_bouncing: float = Field(
        0.1, ge=0, le=1, description="an edition stops when more of its first 1,000 are turned away"
    )
    keep_copies_days: int = Field(
        400, ge=1, description="an issue's web version is kept for so many days"
    )
    keep_history_days: int = Field(
        1200,
        ge=1,
        description="what was sent and answered is kept for so many days, or for horizon_days",
    )
    keep_raw_clicks_days: int = Field(
        90, ge=1, description="clicks that were not a person's are kept for so many days"
    )
    keep_webhooks_days: int = Field(
        30, ge=1, description="what providers report by webhook is kept as it came for so many days"
    )
    hooks_ses_topic: str | None = Field(
        None,
        description="Amazon SES reports to /hooks/ses: ARN of its SNS topic, several with commas",
    )
    hooks_sendgrid_key: str | None = Field(
        None,
        description="SendGrid reports to /hooks/sendgrid: the public key that verifies it, base64",
    )
    hooks_postmark_secret: SecretStr | None = Field(
        None,
        description="Postmark reports to /hooks/postmark: user:password of the webhook's URL",
    )
    hooks_mailgun_key: SecretStr | None = Field(
        None, description="Mailgun reports to /hooks/mailgun: its webhook signing key"
    )
    hooks_brevo_secret: SecretStr | None = Field(
        None,
        description="Brevo reports to /hooks/brevo: the webhook's token, or user:password of its "
        "URL",
    )
    hooks_max_age_minutes: int = Field(
        5,
        ge=1,
        le=10_080,
        description="a signed report older than so many minutes is refused",
    )
    feeds_private: bool = Field(
        False, description="feeds may come from private addresses: this machine, its network"
    )
    keep_pending_days: int = Field(
        30, ge=8, description="who never confirms a subscription is removed after so many days"
    )
    dkim_key: Path | None = Field(None, description="private key file (PEM) that signs with DKIM")
    dkim_selector: str | None = Field(
        None, pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$", description="DKIM selector"
    )
    dkim_domain: str | None = Field(None, description="DKIM domain; default: the From domain")
    dkim_unsigned: str = Field(
        "date, message-id",
        description="fields DKIM leaves unsigned, since relays may set them anew; or none",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (
            init_settings,
        )  # ``load`` merges file and environment, so that errors can name both

    @field_validator("home", "dkim_key", "bounce_mailbox")
    @classmethod
    def _path(cls, value: Path | None) -> Path | None:
        text = str(value or "")
        if any(ord(character) < 32 or 0xD800 <= ord(character) < 0xE000 for character in text):
            raise ValueError("must be a path in UTF-8 without control characters")
        return value

    @field_validator(
        "secret_key",
        "old_secret_keys",
        "admin_password",
        "hooks_postmark_secret",
        "hooks_mailgun_key",
        "hooks_brevo_secret",
    )
    @classmethod
    def _hard_to_guess(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        several = info.field_name == "old_secret_keys"
        text = value.get_secret_value() if value else ""
        for key in text.split(",") if several else [text]:
            why = keys.weakness(key.strip()) if key.strip() else None
            if why is not None:
                raise ValueError(why)
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value!r} is not an IANA time zone such as Europe/Berlin")
        return value

    @field_validator("language")
    @classmethod
    def _translated(cls, value: str) -> str:
        known = ["en", *sorted(path.stem for path in resources.folder("translations").glob("*.po"))]
        if value.replace("_", "-").partition("-")[0].lower() not in known:
            raise ValueError(f"{value!r} is none of the languages there are: {', '.join(known)}")
        return value

    @field_validator("schedule")
    @classmethod
    def _readable_schedule(cls, value: str) -> str:
        weekday_and_time(value)
        return value.lower()

    @field_validator("base_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", value):
            shown = "it" if "@" in value else repr(value)  # which may hold a password
            raise ValueError(f"{shown} is not an http(s) address such as https://news.example.org")
        if not value.isascii():  # it stands in header fields
            raise ValueError(f"{value!r}: write the host in ASCII (xn--…), a path percent-encoded")
        return value.rstrip("/")

    @field_validator("sender", "reply_to", "bounce_address")
    @classmethod
    def _mailbox(cls, value: str | None) -> str | None:
        if value is not None:
            mailbox(value)
        return value

    @field_validator("dkim_unsigned")
    @classmethod
    def _may_be_unsigned(cls, value: str) -> str:
        names = {part.strip().lower() for part in value.split(",")} - {""}
        if names != {"none"} and not names <= {"date", "message-id"}:
            raise ValueError(f"{value!r} is neither 'none' nor made up of 'date' and 'message-id'")
        return ", ".join(sorted(names))

    @field_validator("postal_address", "title")
    @classmethod
    def _one_paragraph(cls, value: str) -> str:
        if not value or any(ord(character) < 32 and character != "\n" for character in value):
            raise ValueError("must be text without control characters")
        return value

    @cached_property
    def store_url(self) -> str:
        return self.database_url or file_url(self.home / "newsletter.db")

    @cached_property
    def outbox(self) -> Path:
        return self.home / "outbox"

    @cached_property
    def quarantine(self) -> Path:
        return self.home / "quarantine"

    @cached_property
    def proxies(self) -> tuple[Network, ...]:
        """Whose word counts on who asks."""
        return (*LOOPBACK, *(self.trusted_proxies or ()))

    @cached_property
    def base_path(self) -> str:
        """The path under which readers reach the pages, as it is written; empty for none."""
        return urlsplit(self.base_url).path

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @cached_property
    def secrets(self) -> tuple[bytes, ...]:
        """The keys of links: the first signs, all are accepted. Configured, or one to a line of
        ``home/secret_key``, where the first is made once."""
        old = self.old_secret_keys.get_secret_value() if self.old_secret_keys else ""
        before = tuple(key.encode() for part in old.split(",") if (key := part.strip()))
        if self.secret_key is not None:
            found: tuple[bytes, ...] = (self.secret_key.get_secret_value().encode(),)
        else:
            found = keys.kept(self.home / "secret_key")
        return keys.checked("secret_key", found or (b"",)) + keys.checked("old_secret_keys", before)

    @property
    def senders(self) -> int:
        """How many processes send a large edition."""
        return self.processes or len(os.sched_getaffinity(0))

    @property
    def secret(self) -> bytes:
        """The key that signs."""
        return self.secrets[0]

    def replace(self, **changes: object) -> Self:
        """A copy with other values, validated."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        return type(self)(**(given | changes))


def mailbox(value: str) -> tuple[str, str]:
    """``Name <address>`` or ``address`` as (name, address).

    Raises ValueError when the address is not valid or the name holds a control character.
    """
    match = re.fullmatch(r"\s*(?:\"?([^\"<>]*?)\"?\s*<([^<>]+)>|([^<>]+))\s*", value)
    if match is None or any(ord(character) < 32 for character in value):
        raise ValueError(f"{value!r} is not a mailbox such as News <news@example.org>")
    address = match[2] or match[3]
    try:
        checked = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(f"{address!r}: {error}") from error
    return (match[1] or "").strip(), checked.normalized


@lru_cache(maxsize=100)
def weekday_and_time(schedule: str) -> tuple[int, int, int]:
    """``thursday 08:00`` as (weekday from Monday = 0, hour, minute); ValueError when unreadable."""
    match = _SCHEDULE.fullmatch(schedule)
    days = [n for n, day in enumerate(DAYS) if match and day.startswith(match[1].lower())]
    if match is None or len(days) != 1:
        raise ValueError(f"{schedule!r} is not a day and a time such as 'thursday 08:00'")
    return days[0], int(match[2]), int(match[3])


def load(file: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """The settings in force: ``file`` (or ``newsletter.toml`` here, if any) and the environment."""
    environment = os.environ if environment is None else environment  # noqa: TID251
    values: dict[str, Any] = {}
    origin: dict[str, str] = {}
    path = file or Path(FILE)
    written = _read(path, required=file is not None)
    for key, value in (written or {}).items():
        name = _field(key)
        if name is None:
            raise ConfigurationError(f"{path}: unknown key {key!r}{_nearest(key)}")
        origin[name] = f"{path}: {key}"
        values[name] = _anchored(name, value, path.parent)
    if written is not None:
        values.setdefault("home", path.parent / Settings.model_fields["home"].default)
    for variable, text in environment.items():
        if variable.startswith(PREFIX):
            name = _field(variable.removeprefix(PREFIX).lower())
            if name is None or (not text and name == "home"):
                continue  # others may be somebody else's; `newsletter doctor` names them
            values[name], origin[name] = text or None, variable
    values = {name: value for name, value in values.items() if value is not None}
    try:
        return Settings(**values)
    except ValidationError as error:
        raise ConfigurationError(_explain(error, origin)) from error


def file_url(path: Path) -> str:
    """The URL of a SQLite file, whatever characters its path has."""
    return f"sqlite:///{quote(str(path))}"


def _anchored(name: str, value: object, folder: Path) -> object:
    """``value`` as the file in ``folder`` means it: paths start from there, and what is empty is
    not set where nothing is the default."""
    field = Settings.model_fields[name]
    if value == "" and (field.default is None or name == "home"):
        return None if field.default is None else folder / field.default
    if not isinstance(value, str):
        return value
    if field.annotation in (Path, Path | None):
        return folder / value.strip()
    if name == "database_url" and (match := _FILE_URL.fullmatch(value.strip())):
        return f"{match[1]}{quote(str(folder))}/{match[2]}" if str(folder) != "." else value
    return value


def _read(path: Path, *, required: bool) -> dict[str, Any] | None:
    """What the file says; None when it is not there and need not be."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        if not required and not path.is_symlink():
            return None
        raise ConfigurationError(
            f"{path}: there is no such settings file; `newsletter --config {path} init` writes one"
        ) from error
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content:
        raise ConfigurationError(
            f"{path}: not valid TOML: it is UTF-16 or binary; save it as UTF-8"
        )
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"{path}: not valid TOML: line {line} is not UTF-8") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigurationError(f"{path}: not valid TOML: {error}") from error


def _field(key: str) -> str | None:
    name = "sender" if key == "from" else key
    return name if name in Settings.model_fields and key != "sender" else None


def _nearest(key: str) -> str:
    import difflib

    near = difflib.get_close_matches(key, names(), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _explain(error: ValidationError, origin: Mapping[str, str]) -> str:
    problem = error.errors()[0]
    name = str(problem["loc"][0]) if problem["loc"] else "settings"
    name = "sender" if name == f"{PREFIX}FROM" else name
    why = str(problem["msg"]).removeprefix("Value error, ")
    return f"{origin.get(name, name)}: {why}"


def unknown_variables(environment: Mapping[str, str] | None = None) -> list[str]:
    """``NEWSLETTER_…`` variables that set nothing: likely misspelt."""
    environment = os.environ if environment is None else environment  # noqa: TID251
    names = (name for name in environment if name.startswith(PREFIX))
    return sorted(name for name in names if _field(name.removeprefix(PREFIX).lower()) is None)


def names() -> list[str]:
    """Every key as it is written in ``newsletter.toml``, in reading order."""
    return ["from" if name == "sender" else name for name in Settings.model_fields]
