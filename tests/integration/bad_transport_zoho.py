"""What can go wrong between Arpent and Zoho, as faults of the emulated organization.

Each row: the fault, and the words that tell of it, as in `bad_transport`.
"""

from typing import Any

from tests.integration.bad_transport import Trouble, spoilt

HTML = "<!DOCTYPE html><html><body>1000.echo is down for maintenance</body></html>"


def said(status: int, code: str, message: str, **rest: Any) -> dict[str, Any]:
    """Zoho's refusal of a whole request, under any status."""
    body = {"code": code, "details": {}, "message": message, "status": "error"}
    return {"status": status, "body": body, **rest}


TROUBLES: dict[str, Trouble] = {
    # Refusals.
    "401": Trouble({"expired": True}, words=("invalid oauth token",)),
    "401, a scope is missing": Trouble(
        said(401, "OAUTH_SCOPE_MISMATCH", "invalid oauth scope to access this URL"),
        words=("invalid oauth scope", "docs/zoho.md"),
        lasts=False,
    ),
    "403, a right is missing": Trouble(
        said(403, "NO_PERMISSION", "permission denied"), words=("permission denied",), lasts=False
    ),
    # Limits: one status, two meanings.
    "too many at once": Trouble(
        said(429, "TOO_MANY_REQUESTS", "too many requests fired in concurrent connections"),
        lasts=False,
    ),
    "too many at once, with a wait": Trouble(
        said(429, "TOO_MANY_REQUESTS", "slow down", retry_after=3), lasts=False
    ),
    "the day's credits": Trouble(
        said(429, "TOO_MANY_REQUESTS", "You have exceeded the API credits of your organization.")
    ),
    # Answers that are none.
    "HTML with status 200": Trouble({"status": 200, "body": HTML}),
    "an error with status 200": Trouble(
        said(200, "INTERNAL_ERROR", "Internal Server Error"), words=("Internal Server Error",)
    ),
    "a refusal of the token with status 200": Trouble(
        said(200, "INVALID_TOKEN", "invalid oauth token"), words=("invalid oauth token",)
    ),
    "a redirect": Trouble({"status": 302, "headers": {"Location": "http://127.0.0.1:9/"}}),
    # The line.
    "reset after the deed": Trouble({"drop_after_commit": True}, lasts=False),
    "502 after the deed": Trouble({"status_after_commit": 502}, words=("502",), lasts=False),
    "half a body": Trouble({"truncate": 0.5}, lasts=False),
    "silence after the deed": Trouble({"stall_after_commit": True}, lasts=False),
    # Pages and rows.
    "no rows": Trouble(spoilt({"at": ["data"], "remove": True}), lasts=False),
    "a page that leads back": Trouble(
        spoilt({"at": ["info", "more_records"], "set": True}), lasts=False
    ),
    "upside down": Trouble(
        spoilt({"at": ["data"], "reverse": True}), is_harmless=True, lasts=False
    ),
    "results of other records": Trouble(
        spoilt({"at": ["data", "*", "details", "id"], "set": "5843104000000404404"}), lasts=False
    ),
    "results without an id": Trouble(
        spoilt({"at": ["data", "*", "details"], "remove": True}), is_harmless=True, lasts=False
    ),
    "results without a word": Trouble(
        spoilt({"at": ["data", "*", "status"], "remove": True},
               {"at": ["data", "*", "code"], "remove": True}),
        lasts=False,
    ),
}  # fmt: skip
