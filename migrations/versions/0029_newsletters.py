"""What sets a newsletter apart is one document, a newsletter can retire, and readers can leave one
of several."""

import sqlalchemy as sa
from alembic import op

from recommender.models.base import Document, Key, UTCDateTime

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

OWN = ("title", "schedule", "picks")
NEWSLETTERS = sa.table(
    "newsletters",
    sa.column("id", sa.Integer),
    sa.column("settings", Document),
    sa.column("title", sa.String),
    sa.column("schedule", sa.String),
    sa.column("picks", sa.Integer),
)


def upgrade() -> None:
    op.add_column(
        "newsletters", sa.Column("settings", Document, nullable=False, server_default="{}")
    )
    op.add_column("newsletters", sa.Column("retired_at", UTCDateTime(), nullable=True))
    connection = op.get_bind()
    for row in connection.execute(sa.select(NEWSLETTERS)).mappings().all():
        own = {key: row[key] for key in OWN if row[key] is not None}
        if own:
            here = NEWSLETTERS.c.id == row["id"]
            connection.execute(sa.update(NEWSLETTERS).where(here).values(settings=own))
    # Not by a copy of the table: to drop the old one would take what refers to it along.
    for name in (*OWN, "template"):
        op.drop_column("newsletters", name)
    op.create_table(
        "subscriptions",
        sa.Column("newsletter_id", Key, nullable=False),
        sa.Column("subscriber_id", Key, nullable=False),
        sa.Column("subscribed", sa.Boolean(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("proof", Document, nullable=False),
        sa.ForeignKeyConstraint(
            ["newsletter_id"],
            ["newsletters.id"],
            name="fk_subscriptions_newsletter_id_newsletters",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name="fk_subscriptions_subscriber_id_subscribers",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("newsletter_id", "subscriber_id", name="pk_subscriptions"),
    )
    op.create_index("ix_subscriptions_subscriber_id", "subscriptions", ["subscriber_id"])


def downgrade() -> None:
    op.drop_table("subscriptions")
    op.add_column("newsletters", sa.Column("title", sa.String(200)))
    op.add_column("newsletters", sa.Column("schedule", sa.String(100)))
    op.add_column("newsletters", sa.Column("picks", sa.Integer()))
    op.add_column("newsletters", sa.Column("template", sa.String(100)))
    connection = op.get_bind()
    query = sa.select(NEWSLETTERS.c.id, NEWSLETTERS.c.settings)
    for row in connection.execute(query).mappings().all():
        own = {key: row["settings"][key] for key in OWN if key in row["settings"]}
        if own:
            here = NEWSLETTERS.c.id == row["id"]
            connection.execute(sa.update(NEWSLETTERS).where(here).values(**own))
    for name in ("settings", "retired_at"):
        op.drop_column("newsletters", name)
