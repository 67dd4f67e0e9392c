"""The tables, grouped by what they are about; import them from here."""

from recommender.models.alerts import Alert, Channel, OngoingTrouble, Turn
from recommender.models.articles import (
    Article,
    Feed,
    Role,
    RoleAlias,
    Story,
    StoryRole,
    StoryTopic,
    Topic,
    TopicAlias,
)
from recommender.models.base import Base, utc
from recommender.models.corrections import Correction, CorrectionKind
from recommender.models.deliveries import (
    Delivery,
    DeliveryState,
    Edition,
    EditionState,
    EditionStory,
    Event,
    EventKind,
    MergedCopy,
    Newsletter,
    Property,
    Shard,
    Subscription,
    TemplateVersion,
)
from recommender.models.edits import Edit, EditionEdit, EditionEditKind, EditKind
from recommender.models.experiments import Experiment, ExperimentKind
from recommender.models.inbound import InboundMessage
from recommender.models.limits import Pause, RateLimit, Stop
from recommender.models.service import Heartbeat, JobRun
from recommender.models.sponsors import Sponsor
from recommender.models.subscribers import (
    AddressChange,
    ConsentEvent,
    Frequency,
    Segment,
    SegmentKind,
    SegmentMember,
    Status,
    Subscriber,
    SubscriberRole,
    SubscriberTopic,
    Suppression,
)
from recommender.models.webhooks import WebhookEvent

__all__ = [
    "AddressChange",
    "Alert",
    "Article",
    "Base",
    "Channel",
    "ConsentEvent",
    "Correction",
    "CorrectionKind",
    "Delivery",
    "DeliveryState",
    "Edit",
    "EditKind",
    "Edition",
    "EditionEdit",
    "EditionEditKind",
    "EditionState",
    "EditionStory",
    "Event",
    "EventKind",
    "Experiment",
    "ExperimentKind",
    "Feed",
    "Frequency",
    "Heartbeat",
    "InboundMessage",
    "JobRun",
    "MergedCopy",
    "Newsletter",
    "OngoingTrouble",
    "Pause",
    "Property",
    "RateLimit",
    "Role",
    "RoleAlias",
    "Segment",
    "SegmentKind",
    "SegmentMember",
    "Shard",
    "Sponsor",
    "Status",
    "Stop",
    "Story",
    "StoryRole",
    "StoryTopic",
    "Subscriber",
    "SubscriberRole",
    "SubscriberTopic",
    "Subscription",
    "Suppression",
    "TemplateVersion",
    "Topic",
    "TopicAlias",
    "Turn",
    "WebhookEvent",
    "utc",
]
