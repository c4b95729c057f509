"""The emulated CRMs: real HTTP servers that behave as the vendors' do.

Each is written from its vendor's documentation and shares no code with the connector that it is
there to try. `hubspot/`, `salesforce/`, … are one CRM each: start from their `sandbox.py`. What
stands beside them is what they have in common: the socket, the faults, the back doors, the clock,
the folders of CSV files.
"""
