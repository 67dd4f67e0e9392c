"""The languages a reader reads: those of the stories they get; none means all."""

import sqlalchemy as sa
from alembic import op

from recommender.models.base import Document

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "subscribers", sa.Column("languages", Document, nullable=False, server_default="[]")
    )


def downgrade() -> None:
    op.drop_column("subscribers", "languages")
