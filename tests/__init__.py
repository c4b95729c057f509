"""The tests: unit mirrors the source; contract runs for every CRM; acceptance is the process."""
