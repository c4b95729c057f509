"""What a year is likely to bring: its exact distribution, and the words for it."""
