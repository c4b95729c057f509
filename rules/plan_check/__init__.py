"""The check of plans: identities, what breaks them, repairs, and the classic errors."""
