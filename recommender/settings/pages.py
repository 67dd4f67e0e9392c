"""Settings of the readers' pages: where they are reached, the keys of links, operators' access."""

import re
from functools import cached_property
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, field_validator

from recommender.settings.networks import LOOPBACK, Network, NetworksText
from recommender.settings.values import Secret, Secrets


class PagesSettings(BaseModel):
    """The web pages, and the links that lead to them."""

    base_url: str = Field(
        "https://newsletter.example.org", description="where readers reach the web pages"
    )
    trusted_proxies: NetworksText = Field(
        None,
        description="proxies that are believed who asks, addresses and networks with commas: "
        "10.0.0.0/8; besides those on this machine (127.0.0.1, ::1)",
    )
    secret_key: Secret = Field(
        None, description="signs links; default: made once and kept in home/secret_key"
    )
    old_secret_keys: Secrets = Field(
        None, description="keys that signed before, with commas: links made with them still work"
    )
    admin_password: Secret = Field(
        None,
        description="opens the operators' pages, /admin, beside accounts; default: it does not",
    )
    tracking: bool = Field(True, description="links go through signed redirects")

    @field_validator("base_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", value):
            shown = "it" if "@" in value else repr(value)  # which may hold a password
            raise ValueError(f"{shown} is not an http(s) address such as https://news.example.org")
        if not value.isascii():  # it stands in header fields
            raise ValueError(f"{value!r}: write the host in ASCII (xn--…), a path percent-encoded")
        return value.rstrip("/")

    @cached_property
    def proxies(self) -> tuple[Network, ...]:
        """Whose word counts on who asks."""
        return (*LOOPBACK, *(self.trusted_proxies or ()))

    @cached_property
    def base_path(self) -> str:
        """The path under which readers reach the pages, as it is written; empty for none."""
        return urlsplit(self.base_url).path
