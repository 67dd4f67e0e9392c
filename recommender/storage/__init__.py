"""SQLite and PostgreSQL: engine, locks, bulk statements, changes of tables without waiting."""
