"""Settings of the content: which stories may be chosen, how many, and where feeds may be."""

import re
from functools import cached_property
from importlib.util import find_spec

from pydantic import BaseModel, Field, field_validator

from recommender.errors import NewsletterError
from recommender.ranking import knobs
from recommender.ranking.settings import RankingSettings
from recommender.settings.values import Mailboxes


class ContentSettings(BaseModel):
    """What the ranker chooses from, and how much."""

    picks: int = Field(6, ge=1, le=20, description="stories in an issue")
    relevance_floor: float = Field(
        RankingSettings.relevance_floor,
        ge=0,
        le=1,
        description="stories that score less are not sent",
    )
    fallback: bool = Field(
        True,
        description="whom no story reaches gets what readers of the role, then all, like best; "
        "false: no issue",
    )
    stories_per_digest: int = Field(
        RankingSettings.stories_per_digest,
        ge=1,
        description="most stories of one digest in an issue that is not thin without more",
    )
    ranker: str = Field(
        "",
        description="settings of the ranker that are other than usual: diversity=0.4, "
        "profile.role=0.7",
    )
    holdout: float = Field(
        0.0,
        ge=0,
        le=0.5,
        description="share of readers who get the house digest, the same for all of them, so that "
        "reports tell what personal issues are worth",
    )
    vary_positions: float = Field(
        RankingSettings.vary,
        ge=0,
        le=0.5,
        description="share of issues in which two neighbouring stories change places by chance, so "
        "that `evaluate --from-store` can tell what a place is worth",
    )
    horizon_days: int = Field(
        1200, ge=1, description="stories published longer ago are no candidates"
    )
    full_text: bool = Field(
        False,
        description="where a feed gives only a few words, the page of the article is read",
    )
    newsletter_mailbox: Mailboxes = Field(
        None,
        repr=False,
        description="where other newsletters come, to be read as articles: as bounce_mailbox",
    )
    newsletter_senders: str | None = Field(
        None,
        description="whose newsletters are read, with commas: news@example.com, @example.org",
    )
    feeds_private: bool = Field(
        False, description="feeds may come from private addresses: this machine, its network"
    )

    @field_validator("ranker")
    @classmethod
    def _known_knobs(cls, value: str) -> str:
        try:
            knobs.changed(RankingSettings(), value)
        except NewsletterError as error:
            raise ValueError(str(error)) from None
        return value

    @field_validator("full_text")
    @classmethod
    def _can_be_read(cls, value: bool) -> bool:
        if value and find_spec("trafilatura") is None:
            raise ValueError(
                "needs trafilatura, which is not installed: pip install -c constraints.txt -e "
                "'.[fulltext]'"
            )
        return value

    @field_validator("newsletter_senders")
    @classmethod
    def _addresses(cls, value: str | None) -> str | None:
        for one in _listed(value):
            if not re.fullmatch(r"[^\s@,<>]*@[^\s@,<>]+", one):
                raise ValueError(f"{one!r} is not an address, or a domain such as @example.org")
        return value

    @cached_property
    def senders_read(self) -> tuple[str, ...]:
        """Whose newsletters are read: addresses, and domains with an ``@`` before them."""
        return _listed(self.newsletter_senders)


def _listed(value: str | None) -> tuple[str, ...]:
    return tuple(one.strip() for one in (value or "").split(",") if one.strip())
