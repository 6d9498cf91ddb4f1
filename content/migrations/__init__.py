"""Schema migrations (Alembic), shipped with the package and run by `content.database.migrate`."""
