"""Rate limits that hold across restarts and processes, pauses of domains, stopped editions."""

import sqlalchemy as sa
from alembic import op

from recommender.models.base import Document, Key, UTCDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rate_limits",
        sa.Column("key", sa.String(length=320), nullable=False),
        sa.Column("windows", Document, nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_rate_limits")),
    )
    op.create_index(op.f("ix_rate_limits_expires_at"), "rate_limits", ["expires_at"])
    op.create_table(
        "pauses",
        sa.Column("domain", sa.String(length=255), nullable=False),
        sa.Column("until", UTCDateTime(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_pauses")),
    )
    op.create_table(
        "stops",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("edition_id", Key, nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("tried", sa.Integer(), nullable=False),
        sa.Column("turned_away", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["editions.id"],
            name=op.f("fk_stops_edition_id_editions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stops")),
    )
    op.create_index(op.f("ix_stops_edition_id"), "stops", ["edition_id"])
    op.create_index(
        op.f("ix_deliveries_sent"),
        "deliveries",
        ["edition_id", "settled_at"],
        sqlite_where=sa.text("state = 'sent'"),
        postgresql_where=sa.text("state = 'sent'"),
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_deliveries_sent"), table_name="deliveries")
    op.drop_table("stops")
    op.drop_table("pauses")
    op.drop_table("rate_limits")
