"""All groups of settings as one value."""

from functools import cached_property
from typing import Self

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from recommender.settings import keys
from recommender.settings.alerts import AlertSettings
from recommender.settings.content import ContentSettings
from recommender.settings.delivery import DeliverySettings
from recommender.settings.logs import LogSettings
from recommender.settings.look import LookSettings
from recommender.settings.newsletter import NewsletterSettings
from recommender.settings.pages import PagesSettings
from recommender.settings.retention import RetentionSettings
from recommender.settings.sender import PREFIX, SenderSettings
from recommender.settings.store import StoreSettings
from recommender.settings.webhooks import WebhookSettings


class Settings(  # pydantic puts the keys of the last base first
    LogSettings,
    AlertSettings,
    RetentionSettings,
    WebhookSettings,
    DeliverySettings,
    ContentSettings,
    LookSettings,
    NewsletterSettings,
    SenderSettings,
    PagesSettings,
    StoreSettings,
    BaseSettings,
):
    """What an operator can set. ``Settings`` is made by ``load`` and passed on as an argument."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="forbid", frozen=True, str_strip_whitespace=True
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

    @cached_property
    def secrets(self) -> tuple[bytes, ...]:
        """The keys of links: the first signs, all are accepted. Configured, or one to a line of
        ``home/secret_key``, where the first is made once."""
        old = self.old_secret_keys.get_secret_value() if self.old_secret_keys else ""
        before = tuple(key.encode() for part in old.split(",") if (key := part.strip()))
        if self.secret_key is not None:
            found: tuple[bytes, ...] = (self.secret_key.get_secret_value().encode(),)
        else:
            found = keys.load(self.home / "secret_key")
        return keys.checked("secret_key", found or (b"",)) + keys.checked("old_secret_keys", before)

    @property
    def secret(self) -> bytes:
        """The key that signs."""
        return self.secrets[0]

    def replace(self, **changes: object) -> Self:
        """A copy with other values, validated."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        return type(self)(**(given | changes))
