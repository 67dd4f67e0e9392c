"""Settings of retention: for how long records are kept."""

from pydantic import BaseModel, Field


class RetentionSettings(BaseModel):
    """Days after which copies, history, clicks and unconfirmed subscriptions are removed."""

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
        30,
        ge=1,
        description="what providers report by webhook, and which mail was acted on, is kept for so "
        "many days",
    )
    keep_pending_days: int = Field(
        30, ge=8, description="who never confirms a subscription is removed after so many days"
    )
