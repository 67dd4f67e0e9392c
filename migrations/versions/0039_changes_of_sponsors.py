"""A sponsor that was changed is a new row; copies that name the old one go on reading the same."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("sponsors", sa.Column("changed_from", key, nullable=True))


def downgrade() -> None:
    op.drop_column("sponsors", "changed_from")
