"""A pin may be for one newsletter of several; those made before are for all."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("edits", sa.Column("newsletter", sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column("edits", "newsletter")
