"""Years of simulated teams, judged as the weekly look judges real ones.

`python -m tests.simulation` plays hundreds of years and prints what alerts come to; the suite
plays a few others (`tests/unit/test_false_alarms.py`).
"""
