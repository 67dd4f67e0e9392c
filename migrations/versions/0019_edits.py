"""Edits: what editors have said of stories."""

import sqlalchemy as sa
from alembic import op

from recommender.models.base import Document, Key, UTCDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "edits",
        sa.Column("id", Key, primary_key=True, autoincrement=True),
        sa.Column("story_id", Key, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("value", Document, nullable=False),
        sa.Column("period", sa.String(length=20), nullable=True),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("ended_by", sa.String(length=200), nullable=True),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["story_id"], ["stories.id"], name="fk_edits_story_id_stories", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_edits_story_id_ended_at", "edits", ["story_id", "ended_at"])


def downgrade() -> None:
    op.drop_table("edits")
