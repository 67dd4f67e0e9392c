"""ß is not ss, nor ς σ: hashes of the addresses that the store holds are made anew, and hashes of
those it does not hold are marked, since they stand for either."""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

from recommender.subscribers import addresses

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

BATCH = 5_000
SUBSCRIBERS = sa.table(
    "subscribers", sa.column("id"), sa.column("email"), sa.column("address_hash")
)
SUPPRESSIONS = sa.table("suppressions", sa.column("address_hash"), sa.column("casefolded"))
PROPERTIES = sa.table("properties", sa.column("name"), sa.column("value"))


def upgrade() -> None:
    # Every row there is has a hash of the old kind, and so has what an older version still writes.
    column = sa.Column("casefolded", sa.Boolean(), nullable=False, server_default=sa.true())
    op.add_column("suppressions", column)
    rehash(addresses.hash_of, casefolded=False)


def downgrade() -> None:
    rehash(lambda salt, email: addresses.casefolded_hash(salt, email) or "", casefolded=True)
    op.drop_column("suppressions", "casefolded")


def rehash(made: Callable[[str, str], str], *, casefolded: bool) -> None:
    """Give readers whose address is not ASCII their other hash, and their suppressions."""
    connection = op.get_bind()
    wanted = sa.select(PROPERTIES.c.value).where(PROPERTIES.c.name == "address_salt")
    salt = connection.scalar(wanted)
    if salt is None:
        return
    size = sa.func.length(sa.cast(SUBSCRIBERS.c.email, sa.LargeBinary))
    if connection.dialect.name == "postgresql":
        size = sa.func.octet_length(SUBSCRIBERS.c.email)
    query = sa.select(SUBSCRIBERS).where(size > sa.func.length(SUBSCRIBERS.c.email))
    query, last = query.order_by(SUBSCRIBERS.c.id).limit(BATCH), 0
    while rows := connection.execute(query.where(SUBSCRIBERS.c.id > last)).all():
        last = rows[-1].id
        for row in rows:
            new = made(salt, row.email)
            if new not in ("", row.address_hash):
                change(connection, SUBSCRIBERS, row.address_hash, address_hash=new)
                change(
                    connection, SUPPRESSIONS, row.address_hash,
                    address_hash=new, casefolded=casefolded,
                )


def change(
    connection: sa.Connection, table: sa.TableClause, old: str, **values: object
) -> None:
    other = table.alias()
    taken = sa.exists().where(other.c.address_hash == values["address_hash"])
    connection.execute(sa.update(table).where(table.c.address_hash == old, ~taken).values(values))
