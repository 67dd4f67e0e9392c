"""Notes and subjects that editors give an edition."""

import sqlalchemy as sa
from alembic import op

from recommender.models.base import Key, UTCDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "edition_edits",
        sa.Column("id", Key, primary_key=True, autoincrement=True),
        sa.Column("newsletter_id", Key, nullable=False),
        sa.Column("period", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("segment", sa.String(length=100), nullable=True),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("ended_by", sa.String(length=200), nullable=True),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["newsletter_id"],
            ["newsletters.id"],
            name="fk_edition_edits_newsletter_id_newsletters",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_edition_edits_newsletter_id_period", "edition_edits", ["newsletter_id", "period"]
    )


def downgrade() -> None:
    op.drop_table("edition_edits")
