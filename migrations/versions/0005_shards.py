"""Planning in shards: runs of readers that are planned in one piece, by whichever process."""

import sqlalchemy as sa
from alembic import op

from recommender.models.base import Key

revision = "0005"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shards",
        sa.Column("edition_id", Key, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("first_id", Key, nullable=False),
        sa.Column("last_id", Key, nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("readers", sa.Integer(), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["editions.id"],
            name=op.f("fk_shards_edition_id_editions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("edition_id", "number", name=op.f("pk_shards")),
    )
    # An edition whose planning was interrupted goes on with all that was left, as one shard.
    op.execute(
        """
        INSERT INTO shards (edition_id, number, first_id, last_id, start, readers, done)
        SELECT e.id, 1, e.planned_through + 1, (SELECT max(id) FROM subscribers),
               (SELECT count(*) FROM deliveries d WHERE d.edition_id = e.id),
               (SELECT count(*) FROM subscribers s WHERE s.id > e.planned_through), false
        FROM editions e
        WHERE e.state = 'planning' AND EXISTS (SELECT 1 FROM subscribers)
        """
    )
    op.drop_column("editions", "planned_through")


def downgrade() -> None:
    op.add_column(
        "editions", sa.Column("planned_through", sa.Integer(), nullable=False, server_default="0")
    )
    op.drop_table("shards")
