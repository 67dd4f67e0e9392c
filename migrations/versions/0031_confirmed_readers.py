"""An index of who has just confirmed: looked at every few seconds."""

from alembic import op

from recommender.storage import online_ddl

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None
INDEX = "ix_consent_events_confirmed"


def upgrade() -> None:
    online_ddl.add_index(op, INDEX, "consent_events", ["at"], where="source = 'confirm'")


def downgrade() -> None:
    online_ddl.drop_index(op, INDEX, "consent_events")
