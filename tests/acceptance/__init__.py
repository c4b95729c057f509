"""The real process against the emulated CRM."""
