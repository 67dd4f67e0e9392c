"""Settings of alerts: whom the service tells what is wrong with it, and what counts as wrong."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, SecretStr, model_validator

from recommender.safety import standard_webhooks
from recommender.settings.values import OptionalFilePath, OptionalMailbox


def _address(value: SecretStr | None) -> SecretStr | None:
    text = value.get_secret_value() if value else ""
    if not text:
        return None
    if not text.startswith(("https://", "http://")) or not text.isascii() or " " in text:
        raise ValueError("is not an http(s) address such as https://hooks.example.org/newsletter")
    return value


def _secret(value: SecretStr | None) -> SecretStr | None:
    text = value.get_secret_value() if value else ""
    if not text:
        return None
    standard_webhooks.key(text)
    return value


class AlertSettings(BaseModel):
    """Whom to tell, and when."""

    alert_to: OptionalMailbox = Field(
        None, description="mailbox that is told when something goes wrong, and when it is over"
    )
    alert_url: Annotated[SecretStr | None, AfterValidator(_address)] = Field(
        None,
        description="address that is told the same as JSON, by POST, signed (Standard Webhooks)",
    )
    alert_secret: Annotated[SecretStr | None, AfterValidator(_secret)] = Field(
        None,
        description="signs what goes to alert_url: whsec_ and 24 to 64 bytes in base64; "
        "`newsletter alerts secret` makes one",
    )
    backup_days: float = Field(
        8,
        ge=0,
        description="a backup older than so many days is a trouble, once one was made; 0: never",
    )
    backup_path: OptionalFilePath = Field(
        None,
        description="file or folder to which backups are written, if not by `store backup`",
    )

    @model_validator(mode="after")
    def _signed(self) -> "AlertSettings":
        if self.alert_url is not None and self.alert_secret is None:
            raise ValueError(
                "alert_secret: must be set where alert_url is; `newsletter alerts secret` makes one"
            )
        return self
