"""The store: the only place that runs SQL."""
