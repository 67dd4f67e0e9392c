"""Corrections: who changed what of readers and vocabulary; the address a copy went to before its
reader moved, and copies of readers who were merged."""

import sqlalchemy as sa
from alembic import op

from recommender.models.base import Document, Key, UTCDateTime
from recommender.storage import online_ddl

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

INDEX = "ix_deliveries_address_hash"


def upgrade() -> None:
    op.create_table(
        "corrections",
        sa.Column("id", Key, primary_key=True, autoincrement=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("subscriber_id", Key, nullable=True),
        sa.Column("term", sa.String(length=200), nullable=True),
        sa.Column("summary", Document, nullable=False),
        sa.Column("values", Document, nullable=True),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"],
            name="fk_corrections_subscriber_id_subscribers", ondelete="SET NULL",
        ),
    )
    op.create_index("ix_corrections_subscriber_id", "corrections", ["subscriber_id"])
    op.create_index("ix_corrections_subject_term", "corrections", ["subject", "term"])
    op.create_table(
        "merged_copies",
        sa.Column("id", Key, primary_key=True, autoincrement=False),
        sa.Column("delivery_id", Key, nullable=False),
        sa.Column("address_hash", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"],
            name="fk_merged_copies_delivery_id_deliveries", ondelete="CASCADE",
        ),
    )
    op.create_index("ix_merged_copies_delivery_id", "merged_copies", ["delivery_id"])
    op.create_index("ix_merged_copies_address_hash", "merged_copies", ["address_hash"])
    op.add_column("deliveries", sa.Column("address_hash", sa.String(length=64), nullable=True))
    where = "address_hash IS NOT NULL"
    online_ddl.add_index(op, INDEX, "deliveries", ["address_hash"], where)


def downgrade() -> None:
    online_ddl.drop_index(op, INDEX, "deliveries")
    op.drop_column("deliveries", "address_hash")
    op.drop_table("merged_copies")
    op.drop_table("corrections")
