"""An index of who has just confirmed: looked at every few seconds."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_consent_events_confirmed",
        "consent_events",
        ["at"],
        sqlite_where=sa.text("source = 'confirm'"),
        postgresql_where=sa.text("source = 'confirm'"),
    )


def downgrade() -> None:
    op.drop_index("ix_consent_events_confirmed", table_name="consent_events")
