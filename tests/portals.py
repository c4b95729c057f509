"""The emulated CRM that most tests of the whole process work on."""

from connectors.sandbox.hubspot import HubSpotSandbox
from service import rehearsal


def elise() -> HubSpotSandbox:
    """A HubSpot portal with Élise's case, not served yet."""
    made = rehearsal.open_sandbox(rehearsal.ELISE, crm="hubspot")
    assert isinstance(made, HubSpotSandbox)
    return made
