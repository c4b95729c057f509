"""Exact laws of chance: counts, rates, sums, nested windows, and how rare a reading is."""
