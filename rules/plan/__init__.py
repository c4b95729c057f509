"""`plans/*.yaml`: the territory plan, its sums, its days, its revisions, its sheet."""
