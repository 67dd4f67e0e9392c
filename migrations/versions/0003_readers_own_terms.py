"""How often and when each reader wants an issue; keys of their links; changes of address."""

import sqlalchemy as sa
from alembic import op

from recommender.models.base import Key, UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    frequency = sa.String(length=24)
    op.add_column(
        "subscribers", sa.Column("frequency", frequency, nullable=False, server_default="weekly")
    )
    op.add_column("subscribers", sa.Column("day", sa.String(length=9), nullable=True))
    op.add_column("subscribers", sa.Column("hour", sa.Integer(), nullable=True))
    op.add_column(
        "subscribers", sa.Column("link_key", sa.Integer(), nullable=False, server_default="0")
    )
    random = "abs(random() % 2147483648)" if _sqlite() else "floor(random() * 2147483648)::integer"
    op.execute(f"UPDATE subscribers SET link_key = {random}")
    op.create_table(
        "address_changes",
        sa.Column("subscriber_id", Key, autoincrement=False, nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_address_changes_subscriber_id_subscribers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subscriber_id", name=op.f("pk_address_changes")),
    )


def _sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def downgrade() -> None:
    op.drop_table("address_changes")
    for column in ("link_key", "hour", "day", "frequency"):
        op.drop_column("subscribers", column)
