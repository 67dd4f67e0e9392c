"""Settings of the content: which stories may be chosen, how many, and where feeds may be."""

from importlib.util import find_spec

from pydantic import BaseModel, Field, field_validator


class ContentSettings(BaseModel):
    """What the ranker chooses from, and how much."""

    picks: int = Field(6, ge=1, le=20, description="stories in an issue")
    relevance_floor: float = Field(
        0.05, ge=0, le=1, description="stories that score less are not sent"
    )
    stories_per_digest: int = Field(
        2, ge=1, description="most stories of one digest in an issue that is not thin without more"
    )
    horizon_days: int = Field(
        1200, ge=1, description="stories published longer ago are no candidates"
    )
    full_text: bool = Field(
        False,
        description="where a feed gives only a few words, the page of the article is read",
    )
    feeds_private: bool = Field(
        False, description="feeds may come from private addresses: this machine, its network"
    )

    @field_validator("full_text")
    @classmethod
    def _can_be_read(cls, value: bool) -> bool:
        if value and find_spec("trafilatura") is None:
            raise ValueError(
                "needs trafilatura, which is not installed: pip install -c constraints.txt -e "
                "'.[fulltext]'"
            )
        return value
