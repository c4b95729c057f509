"""The emulated Zoho CRM: a real HTTP server that behaves as an organization's API (v8) does.

Written from Zoho's documentation, it shares no code with the connector that it is there to try.
Start from `sandbox.py`; `gateway.py` is the way of a call, `effects.py` all that changes.
"""

from connectors.sandbox.zoho.sandbox import (
    SANDBOX_CLIENT_ID,
    SANDBOX_CLIENT_SECRET,
    SANDBOX_REFRESH_TOKEN,
    ZohoSandbox,
)

__all__ = [
    "SANDBOX_CLIENT_ID",
    "SANDBOX_CLIENT_SECRET",
    "SANDBOX_REFRESH_TOKEN",
    "ZohoSandbox",
]
