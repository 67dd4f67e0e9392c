"""Settings of delivery: relays, processes, rates, and what to do when an answer is missing."""

import os
from typing import Literal

from pydantic import BaseModel, Field

from recommender.settings.limits import DomainTable, HoursText, RatesText, StepsText

OUTBOX_URL = "outbox:"


class DeliverySettings(BaseModel):
    """How copies are handed to relays, how fast and for how long."""

    smtp_url: str | None = Field(
        None,
        description="relay, or several with commas: smtp://user:pass@host:port?starttls=require, "
        "ses://…, postmark://…, mailgun://…",
    )
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
    guard_complaints: float = Field(
        0.003, ge=0, le=1, description="an edition stops when a larger share is complained about"
    )
    guard_bounces: float = Field(
        0.05, ge=0, le=1, description="an edition stops when a larger share bounces for good"
    )
    guard_deferrals: float = Field(
        0.5, ge=0, le=1, description="an edition stops when a larger share is deferred"
    )
    guard_copies: int = Field(
        500, ge=1, description="copies that must have been tried before such a share says anything"
    )
    sunset_weeks: int = Field(
        0, ge=0, description="ask, then pause, who has given no sign of life for so long; 0: never"
    )

    @property
    def senders(self) -> int:
        """How many processes send a large edition."""
        return self.processes or len(os.sched_getaffinity(0))

    @property
    def transport_url(self) -> str:
        """Where messages go: the URLs of ``smtp_url``, or that of the outbox."""
        return self.smtp_url or OUTBOX_URL
