"""Settings of the content: which stories may be chosen, how many, and where feeds may be."""

from pydantic import BaseModel, Field


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
    feeds_private: bool = Field(
        False, description="feeds may come from private addresses: this machine, its network"
    )
