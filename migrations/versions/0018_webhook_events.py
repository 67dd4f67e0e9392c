"""Webhooks: the events of mail providers, as they came."""

import sqlalchemy as sa
from alembic import op

from recommender.models.base import Key, UTCDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "webhook_events",
        sa.Column("id", Key, primary_key=True, autoincrement=True),
        sa.Column("provider", sa.String(16), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("nonce", sa.String(64), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("meaning", sa.String(16), nullable=False),
        sa.Column(
            "subscriber_id",
            Key,
            sa.ForeignKey(
                "subscribers.id",
                ondelete="CASCADE",
                name="fk_webhook_events_subscriber_id_subscribers",
            ),
            nullable=True,
        ),
        sa.Column(
            "delivery_id",
            Key,
            sa.ForeignKey(
                "deliveries.id",
                ondelete="SET NULL",
                name="fk_webhook_events_delivery_id_deliveries",
            ),
            nullable=True,
        ),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("error", sa.String(100), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_events"),
        sa.UniqueConstraint("provider", "key", name="uq_webhook_events_provider_key"),
        sa.UniqueConstraint("provider", "nonce", name="uq_webhook_events_provider_nonce"),
    )
    for column in ("at", "subscriber_id", "delivery_id"):
        op.create_index(f"ix_webhook_events_{column}", "webhook_events", [column])


def downgrade() -> None:
    op.drop_table("webhook_events")
