"""Salesforce behind the contract of `connectors.base`."""
