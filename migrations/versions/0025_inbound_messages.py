"""Mail that came back: which messages were acted on, each once."""

import sqlalchemy as sa
from alembic import op

from recommender.models.base import Key, UTCDateTime

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inbound_messages",
        sa.Column("id", Key, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("about", sa.String(16), nullable=True),
        sa.Column(
            "subscriber_id",
            Key,
            sa.ForeignKey(
                "subscribers.id",
                ondelete="CASCADE",
                name="fk_inbound_messages_subscriber_id_subscribers",
            ),
            nullable=True,
        ),
        sa.Column(
            "delivery_id",
            Key,
            sa.ForeignKey(
                "deliveries.id",
                ondelete="SET NULL",
                name="fk_inbound_messages_delivery_id_deliveries",
            ),
            nullable=True,
        ),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_inbound_messages"),
        sa.UniqueConstraint("key", name="uq_inbound_messages_key"),
    )
    for column in ("at", "subscriber_id", "delivery_id"):
        op.create_index(f"ix_inbound_messages_{column}", "inbound_messages", [column])
    op.create_index(
        "ix_inbound_messages_answer",
        "inbound_messages",
        ["id"],
        sqlite_where=sa.text("answer IS NOT NULL"),
        postgresql_where=sa.text("answer IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("inbound_messages")
