"""The review of a territory: its pack, where its segments go, and its week as a calendar."""
