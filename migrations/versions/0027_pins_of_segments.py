"""Pins for the readers of one segment."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("edits", sa.Column("segment", sa.String(length=100), nullable=True))


def downgrade() -> None:
    op.drop_column("edits", "segment")
