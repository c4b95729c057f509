"""What an access token may: Zoho's scopes, `ZohoCRM.modules.accounts.READ` or a wider one."""

from collections.abc import Collection

from connectors.sandbox.zoho.call import Call
from connectors.sandbox.zoho.errors import ZohoError


def has(scopes: Collection[str], wanted: str) -> bool:
    """Whether a scope, or one that holds it, was granted."""
    words = wanted.split(".")
    operation = words[-1]
    for length in range(len(words) - 1, 0, -1):
        stem = ".".join(words[:length])
        if f"{stem}.ALL" in scopes or f"{stem}.{operation}" in scopes:
            return True
    return False


def require(call: Call, wanted: str) -> None:
    """Refuse a call whose token lacks a scope; ZohoError `OAUTH_SCOPE_MISMATCH`."""
    if not has(call.session.scopes, wanted):
        raise ZohoError(
            "OAUTH_SCOPE_MISMATCH",
            "invalid oauth scope to access this URL",
            status=call.org.switches.scope_mismatch_status,
        )
