"""`alerts.yaml` and the weekly look: facts, deviations, episodes, recognition."""
