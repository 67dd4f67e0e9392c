"""Settings of the store: where it and the files beside it are."""

from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from pydantic import BaseModel, Field

from recommender.settings.values import FilePath


class StoreSettings(BaseModel):
    """The folder of the store, and its database."""

    home: FilePath = Field(Path("var"), description="folder of the store and the outbox")
    database_url: str | None = Field(
        None, description="the store; default: SQLite, newsletter.db in home"
    )

    @cached_property
    def store_url(self) -> str:
        return self.database_url or file_url(self.home / "newsletter.db")

    @cached_property
    def outbox(self) -> Path:
        return self.home / "outbox"

    @cached_property
    def quarantine(self) -> Path:
        return self.home / "quarantine"


def file_url(path: Path) -> str:
    """The URL of a SQLite file, whatever characters its path has."""
    return f"sqlite:///{quote(str(path))}"
