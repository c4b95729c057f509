"""Unit tests, a file for each module."""
