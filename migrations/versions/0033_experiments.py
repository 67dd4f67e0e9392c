"""Experiments; by what each copy was chosen, and which of several subjects it has."""

import sqlalchemy as sa
from alembic import op

from recommender.models.base import Document, Key, UTCDateTime
from recommender.storage import online_ddl

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

INDEX = "ix_deliveries_arm"


def upgrade() -> None:
    op.create_table(
        "experiments",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("newsletter_id", Key, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("settings", Document, nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("started_by", sa.String(length=200), nullable=False),
        sa.Column("stopped_at", UTCDateTime(), nullable=True),
        sa.Column("stopped_by", sa.String(length=200), nullable=True),
        sa.Column("winner", sa.String(length=16), nullable=True),
        sa.Column("decided_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["newsletter_id"],
            ["newsletters.id"],
            name="fk_experiments_newsletter_id_newsletters",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_experiments"),
        sa.UniqueConstraint("newsletter_id", "name", name="uq_experiments_newsletter_id_name"),
    )
    for name in ("arm", "subject_arm"):
        op.add_column("deliveries", sa.Column(name, sa.String(length=16), nullable=True))
    online_ddl.add_index(
        op, INDEX, "deliveries", ["edition_id", "arm", "subscriber_id"], "arm IS NOT NULL"
    )


def downgrade() -> None:
    online_ddl.drop_index(op, INDEX, "deliveries")
    for name in ("subject_arm", "arm"):
        op.drop_column("deliveries", name)
    op.drop_table("experiments")
