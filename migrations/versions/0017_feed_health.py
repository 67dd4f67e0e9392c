"""Feeds: when each is due, whether it rests, and how it has been doing."""

import sqlalchemy as sa
from alembic import op

from recommender.models.base import UTCDateTime

revision = "0017"
down_revision = "0013"
branch_labels = None
depends_on = None

MOMENTS = ("due_at", "paused_at", "succeeded_at", "last_error_at")


def upgrade() -> None:
    for name in MOMENTS:
        op.add_column("feeds", sa.Column(name, UTCDateTime(), nullable=True))
    op.add_column("feeds", sa.Column("last_error", sa.Text(), nullable=True))
    op.add_column(
        "feeds", sa.Column("failures", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("feeds", sa.Column("weekly_items", sa.Double(), nullable=True))


def downgrade() -> None:
    for name in ("weekly_items", "failures", "last_error", *reversed(MOMENTS)):
        op.drop_column("feeds", name)
