"""What was so before a reply changed it."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inbound_messages", sa.Column("undo", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("inbound_messages", "undo")
