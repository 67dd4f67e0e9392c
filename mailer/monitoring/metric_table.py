"""The metrics of ``/metrics``, by the conventions of Prometheus: base units, the unit at the end of
the name, ``_total`` for what only ever grows. The reference in the documentation, the dashboard and
the alert rules in ``deploy/`` are held against this table by tests. Values come from
``measurements``, or from where something is counted, such as the times of pages.
"""

from dataclasses import dataclass
from typing import Literal

PREFIX = "newsletter_"


@dataclass(frozen=True)
class Metric:
    """One metric: its name without the prefix, what it says, and its labels."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    kind: Literal["gauge", "counter", "histogram"] = "gauge"

    @property
    def full_name(self) -> str:
        """As Prometheus knows it."""
        return f"{PREFIX}{self.name}"


STORED = (
    Metric("deliveries", "Copies of the latest editions by state", ("edition", "state")),
    Metric(
        "queue_copies",
        "Copies of editions on their way: due, waiting for their hour, deferred, in_hand",
        ("state",),
    ),
    Metric("queue_oldest_seconds", "For how long the copy that is due first has been due"),
    Metric("subscribers", "Readers by status", ("status",)),
    Metric("events", "Answers of readers and servers that count, as long as kept", ("kind",)),
    Metric("recent_events", "The same of the last 24 hours", ("kind",)),
    Metric("recent_sent_copies", "Copies sent in the last 24 hours, of the latest editions"),
    Metric(
        "webhook_events",
        "Events that providers reported, as long as they are kept",
        ("provider", "meaning"),
    ),
    Metric(
        "inbound_messages",
        "Mail that came back and was acted on, as long as that is kept",
        ("way", "kind", "about"),
    ),
    Metric("paused_domains", "Recipient domains that asked for less and are left alone"),
    Metric("feeds", "Watched feeds: well, failing, gone, paused", ("state",)),
    Metric("feed_last_success_timestamp_seconds", "When a feed was last read well", ("feed",)),
)
SERVICE = (
    Metric("job_last_success_timestamp_seconds", "When a job last did its work", ("job_name",)),
    Metric("job_last_duration_seconds", "How long its latest good run took", ("job_name",)),
    Metric("job_failing", "1 when the latest run of a job failed", ("job_name",)),
    Metric("heartbeat_timestamp_seconds", "The last sign of life of a part", ("part",)),
    Metric("workers", "Workers that are alive, or gone within the last hour", ("state",)),
    Metric("trouble", "1 for each thing that is wrong", ("kind", "subject")),
    Metric("trouble_began_timestamp_seconds", "Since when it is known to be", ("kind", "subject")),
    Metric("alerts_waiting", "Alerts that could not be sent yet"),
    Metric("edition_overdue_seconds", "How late the latest edition is"),
    Metric("edition_trouble", "1 when an edition could not be sent (relay)", ("edition",)),
    Metric("edition_last_error_timestamp_seconds", "When that was last so", ("edition",)),
    Metric("backup_last_success_timestamp_seconds", "When the store was last backed up"),
)
PLACES = (
    Metric("probe_timestamp_seconds", "When relays, store and certificate were last asked"),
    Metric("relay_up", "1 when a relay took a connection when it was last asked", ("relay",)),
    Metric("relay_response_seconds", "How long a relay took to answer then", ("relay",)),
    Metric("store_up", "1 when the store can be read"),
    Metric("store_read_seconds", "How long reading for this answer took"),
    Metric("store_write_seconds", "How long a small write took when it was last tried"),
    Metric("clock_skew_seconds", "By how much the store's clock is ahead of this machine's"),
    Metric(
        "certificate_expiry_timestamp_seconds", "Until when the certificate of base_url is good"
    ),
    Metric("disk_free_bytes", "Space left for store and home", ("place",)),
    Metric("disk_size_bytes", "Size of the disks of store and home", ("place",)),
    Metric("build_info", "1, with the version that runs", ("version",)),
)
PROCESS = (
    Metric(
        "http_request_duration_seconds",
        "How long pages took, by the first part of their path",
        ("method", "page", "status"),
        "histogram",
    ),
    Metric("webhook_requests_total", "Webhook requests", ("provider", "outcome"), "counter"),
)
METRICS = {one.name: one for one in (*STORED, *SERVICE, *PLACES, *PROCESS)}
