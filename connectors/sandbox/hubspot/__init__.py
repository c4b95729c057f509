"""The emulated HubSpot: a real HTTP server that behaves as a portal does.

Start from `sandbox.py`; `gateway.py` is the way of a call, `effects.py` all that changes.
"""

from connectors.sandbox.hubspot.loader import load_folder
from connectors.sandbox.hubspot.sandbox import (
    SANDBOX_PORTAL,
    SANDBOX_TOKEN,
    HubSpotSandbox,
)

__all__ = ["SANDBOX_PORTAL", "SANDBOX_TOKEN", "HubSpotSandbox", "load_folder"]
