"""The order in which a reader gave their topics; of those given before nothing is known."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "subscriber_topics",
        sa.Column("position", sa.Integer(), nullable=False, server_default="1000"),
    )


def downgrade() -> None:
    op.drop_column("subscriber_topics", "position")
