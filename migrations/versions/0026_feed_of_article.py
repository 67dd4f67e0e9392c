"""Articles: which watched feed brought each."""

import sqlalchemy as sa
from alembic import op

from recommender.models.base import Key

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("articles", sa.Column("feed_id", Key, nullable=True))


def downgrade() -> None:
    op.drop_column("articles", "feed_id")
