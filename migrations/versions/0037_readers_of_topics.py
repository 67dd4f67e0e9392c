"""An index by which the readers of each topic are counted without looking at their rows."""

from alembic import op

from recommender.storage import online_ddl

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None
NEW, OLD, TABLE = "ix_subscriber_topics_readers", "ix_subscriber_topics_topic_id", "subscriber_topics"


def upgrade() -> None:
    online_ddl.add_index(op, NEW, TABLE, ["topic_id", "weight", "subscriber_id"])
    online_ddl.drop_index(op, OLD, TABLE)


def downgrade() -> None:
    online_ddl.add_index(op, OLD, TABLE, ["topic_id"])
    online_ddl.drop_index(op, NEW, TABLE)
