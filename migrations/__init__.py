"""Alembic migrations of the store; `arpent db upgrade` runs them."""
