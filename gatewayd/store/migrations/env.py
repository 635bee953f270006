"""Run by Alembic: the context is set up by `gatewayd.store.migrations` already."""

from alembic import context

context.run_migrations()
