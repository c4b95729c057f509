"""The weekly digests of reps, managers and channels, as plain values."""
