"""Alerts: what is wrong with the service, and what operators were told of it."""

import sqlalchemy as sa
from alembic import op

from recommender.models.base import Key, UTCDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def trouble() -> list[sa.Column]:
    return [
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("subject", sa.String(length=2000), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("what_to_do", sa.Text(), nullable=False),
        sa.Column("began_at", UTCDateTime(), nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "ongoing_troubles",
        sa.Column("id", Key, primary_key=True, autoincrement=True),
        sa.Column("seen_at", UTCDateTime(), nullable=False),
        sa.Column("told_at", UTCDateTime(), nullable=True),
        *trouble(),
        sa.UniqueConstraint("kind", "subject", name="uq_ongoing_troubles_kind_subject"),
    )
    op.create_table(
        "alerts",
        sa.Column("id", Key, primary_key=True, autoincrement=True),
        sa.Column("channel", sa.String(length=24), nullable=False),
        sa.Column("turn", sa.String(length=24), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("sent_at", UTCDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        *trouble(),
    )
    op.create_index("ix_alerts_sent_at_due_at", "alerts", ["sent_at", "due_at"])


def downgrade() -> None:
    op.drop_table("alerts")
    op.drop_table("ongoing_troubles")
