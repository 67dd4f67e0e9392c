"""Retention: which editions are slim; indexes for what is old, and only for claims that are."""

import sqlalchemy as sa
from alembic import op

from recommender.storage import online_ddl
from recommender.models.base import UTCDateTime

revision = "0007"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("editions", sa.Column("slim_at", UTCDateTime(), nullable=True))
    online_ddl.add_index(op, "ix_events_at", "events", ["at"])
    online_ddl.add_index(op, "ix_events_raw", "events", ["at"], "NOT verified", "verified = 0")
    online_ddl.drop_index(op, "ix_deliveries_claimed_by", "deliveries")
    online_ddl.add_index(
        op, "ix_deliveries_claimed_by", "deliveries", ["claimed_by"], "claimed_by IS NOT NULL"
    )


def downgrade() -> None:
    online_ddl.drop_index(op, "ix_deliveries_claimed_by", "deliveries")
    online_ddl.add_index(op, "ix_deliveries_claimed_by", "deliveries", ["claimed_by"])
    online_ddl.drop_index(op, "ix_events_raw", "events")
    online_ddl.drop_index(op, "ix_events_at", "events")
    op.drop_column("editions", "slim_at")
