"""Zoho CRM behind `connectors.base`: the client, the mapping, the facade."""
