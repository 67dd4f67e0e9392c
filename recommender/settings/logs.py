"""Settings of the log of the service."""

from typing import Literal

from pydantic import BaseModel, Field


class LogSettings(BaseModel):
    """What is logged, and how."""

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="the service logs from this level on: debug, info, warning or error"
    )
    log_format: Literal["auto", "human", "json"] = Field(
        "auto", description="human, json, or auto: human on a terminal, JSON elsewhere"
    )
    access_log: bool = Field(
        False, description="true: each request is logged, without address, path or token"
    )
