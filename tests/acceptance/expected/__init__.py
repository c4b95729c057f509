"""Expected figures, worked out from the data and the definitions alone."""
