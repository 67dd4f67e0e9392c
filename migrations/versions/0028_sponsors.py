"""Sponsors of a newsletter."""

import sqlalchemy as sa
from alembic import op

from recommender.models.base import Key, UTCDateTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sponsors",
        sa.Column("id", Key, primary_key=True, autoincrement=True),
        sa.Column("newsletter_id", Key, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("image_url", sa.Text(), nullable=True),
        sa.Column("image_alt", sa.String(length=300), nullable=True),
        sa.Column("segment", sa.String(length=100), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("removed_by", sa.String(length=200), nullable=True),
        sa.Column("removed_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["newsletter_id"],
            ["newsletters.id"],
            name="fk_sponsors_newsletter_id_newsletters",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_sponsors_newsletter_id", "sponsors", ["newsletter_id"])


def downgrade() -> None:
    op.drop_table("sponsors")
