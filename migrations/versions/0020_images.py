"""Articles and stories: the picture that belongs to each."""

import sqlalchemy as sa
from alembic import op

from recommender.models.base import Document

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("articles", "stories"):
        op.add_column(table, sa.Column("image", Document, nullable=True))


def downgrade() -> None:
    for table in ("stories", "articles"):
        op.drop_column(table, "image")
