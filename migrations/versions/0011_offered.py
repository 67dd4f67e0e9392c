"""Which topics and roles readers are offered: the starter vocabulary, what an administrator has
defined, and what readers have chosen. Other names came from feeds and files."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for kind in ("topic", "role"):
        column = sa.Column("offered", sa.Boolean(), nullable=False, server_default=sa.false())
        op.add_column(f"{kind}s", column)
        named = sa.table(f"{kind}s", sa.column("id"), sa.column("definition"), sa.column("offered"))
        chosen = sa.table(f"subscriber_{kind}s", sa.column(f"{kind}_id"))
        used = sa.exists().where(chosen.c[f"{kind}_id"] == named.c.id)
        op.execute(
            named.update()
            .where(sa.or_(named.c.definition != "", used))
            .values(offered=sa.true())
        )


def downgrade() -> None:
    for kind in ("topic", "role"):
        op.drop_column(f"{kind}s", "offered")
