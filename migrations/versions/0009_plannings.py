"""Several plannings of one edition: for whom each shard was made, and whether the hour has planned."""

import sqlalchemy as sa
from alembic import op

from recommender.models.base import UTCDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("editions", sa.Column("published_at", UTCDateTime(), nullable=True))
    op.add_column("editions", sa.Column("closed_at", UTCDateTime(), nullable=True))
    op.add_column("shards", sa.Column("segment", sa.String(100), nullable=True))
    op.add_column("shards", sa.Column("planned_at", UTCDateTime(), nullable=True))
    op.execute(
        """
        UPDATE shards SET
            segment = (SELECT e.segment FROM editions e WHERE e.id = shards.edition_id),
            planned_at = (SELECT e.planned_at FROM editions e WHERE e.id = shards.edition_id)
        """
    )
    # What was planned for all its readers is published; the rest of one that was planned for a
    # segment only still gets it at the hour.
    op.execute(
        """
        UPDATE editions SET published_at = planned_at
        WHERE state IN ('finished', 'cancelled') OR segment IS NULL OR segment = (
            SELECT s.name FROM newsletters n JOIN segments s ON s.id = n.segment_id
            WHERE n.id = editions.newsletter_id
        )
        """
    )


def downgrade() -> None:
    op.drop_column("shards", "planned_at")
    op.drop_column("shards", "segment")
    op.drop_column("editions", "closed_at")
    op.drop_column("editions", "published_at")
