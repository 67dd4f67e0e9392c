"""What the service remembers of itself: runs of its jobs, signs of life, an edition's last error."""

import sqlalchemy as sa
from alembic import op

from recommender.models.base import UTCDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job_runs",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("begun_at", UTCDateTime(), nullable=True),
        sa.Column("succeeded_at", UTCDateTime(), nullable=True),
        sa.Column("failed_at", UTCDateTime(), nullable=True),
        sa.Column("period", sa.String(length=16), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job_runs")),
    )
    op.create_table(
        "heartbeats",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("process", sa.String(length=255), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "process", name=op.f("pk_heartbeats")),
    )
    op.add_column("editions", sa.Column("last_error", sa.Text(), nullable=True))
    op.add_column("editions", sa.Column("last_error_at", UTCDateTime(), nullable=True))
    # The scheduler's library kept its jobs there, as objects that run code when they are read.
    op.execute("DROP TABLE IF EXISTS apscheduler_jobs")


def downgrade() -> None:
    op.drop_column("editions", "last_error_at")
    op.drop_column("editions", "last_error")
    op.drop_table("heartbeats")
    op.drop_table("job_runs")
