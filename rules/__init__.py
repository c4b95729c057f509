"""The domain: records, the rule language, plans, KPIs, deviations.

No I/O, no clock, no environment: what it needs comes in as arguments.
"""
