"""Sunset: when a reader was asked whether they still want their issues."""

import sqlalchemy as sa
from alembic import op

from recommender.models.base import UTCDateTime

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("subscribers", sa.Column("sunset_asked_at", UTCDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("subscribers", "sunset_asked_at")
