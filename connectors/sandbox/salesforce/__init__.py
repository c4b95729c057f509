"""The emulated Salesforce: a real HTTP server that behaves as an org's REST API does.

Written from Salesforce's documentation, it shares no code with the connector that it is there to
try. Start from `sandbox.py`; `gateway.py` is the way of a call, `effects.py` all that changes.
"""

from connectors.sandbox.salesforce.sandbox import (
    SANDBOX_CLIENT_KEY,
    SANDBOX_CLIENT_SECRET,
    SANDBOX_DOMAIN,
    SANDBOX_REFRESH_TOKEN,
    SANDBOX_SESSION,
    SANDBOX_USERNAME,
    SalesforceSandbox,
)

__all__ = [
    "SANDBOX_CLIENT_KEY",
    "SANDBOX_CLIENT_SECRET",
    "SANDBOX_DOMAIN",
    "SANDBOX_REFRESH_TOKEN",
    "SANDBOX_SESSION",
    "SANDBOX_USERNAME",
    "SalesforceSandbox",
]
