"""One folder for each CRM behind the contract of `connectors.base`; `sandbox` emulates them."""
