"""Alembic migrations of the store; `arpent db upgrade` runs them."""

# The newest revision: the one that the tables of `service.store.tables` are at.
HEAD = "0001"
