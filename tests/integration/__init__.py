"""Tests of the store and of the stages, on SQLite and PostgreSQL."""
