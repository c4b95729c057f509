"""One suite that every CRM passes, and the clients of others against the sandbox."""
