"""The emulated CRM: a real HTTP server that behaves as a HubSpot portal does.

Written from HubSpot's documentation, it shares no code with the connector that it is there to
try. Start from `sandbox.py`; `gateway.py` is the way of a call, `effects.py` all that changes.
"""

from connectors.sandbox.journal import BrokenStateFileError
from connectors.sandbox.loader import MalformedFolderError, load_folder
from connectors.sandbox.sandbox import SANDBOX_PORTAL, SANDBOX_TOKEN, Sandbox, serve
from connectors.sandbox.server import PortInUseError

__all__ = [
    "SANDBOX_PORTAL",
    "SANDBOX_TOKEN",
    "BrokenStateFileError",
    "MalformedFolderError",
    "PortInUseError",
    "Sandbox",
    "load_folder",
    "serve",
]
