"""HubSpot, behind the contract of `connectors.base`; start from `connector.py`."""
