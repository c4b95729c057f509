"""What can go wrong between Arpent and Salesforce, as faults of the emulated org.

Each row: the fault, and the words that tell of it, as in `bad_transport`.
"""

from typing import Any

from tests.integration.bad_transport import Trouble, spoilt

HTML = "<!DOCTYPE html><html><body>00D000000000000!AQ.ECHO is down for maintenance</body></html>"


def said(status: int, code: str, message: str) -> dict[str, Any]:
    """Salesforce's refusal of a whole request."""
    return {"status": status, "body": [{"errorCode": code, "message": message}]}


CONCURRENT = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."

TROUBLES: dict[str, Trouble] = {
    # Refusals.
    "401": Trouble({"expired": True}, words=("401",)),
    "403, a right is missing": Trouble(
        said(403, "INSUFFICIENT_ACCESS", "insufficient access rights"),
        words=("INSUFFICIENT_ACCESS", "insufficient access rights"),
        lasts=False,
    ),
    "414 in HTML": Trouble({"status": 414, "body": HTML}, words=("414",), lasts=False),
    # Limits: one code, two meanings.
    "too many at once": Trouble(
        said(403, "REQUEST_LIMIT_EXCEEDED", CONCURRENT), words=("Concurrent",), lasts=False
    ),
    "the day's calls": Trouble(
        said(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    ),
    # Salesforce in trouble.
    "500": Trouble(
        said(500, "UNKNOWN_EXCEPTION", "An unexpected error occurred"), words=("500",), lasts=False
    ),
    # Answers that are none.
    "HTML with status 200": Trouble({"status": 200, "body": HTML}),
    "an error with status 200": Trouble(
        {"status": 200, "body": [{"errorCode": "X", "message": "no"}]}, lasts=False
    ),
    "a redirect": Trouble({"status": 302, "headers": {"Location": "http://127.0.0.1:9/"}}),
    # The line.
    "reset after the deed": Trouble({"drop_after_commit": True}, lasts=False),
    "502 after the deed": Trouble({"status_after_commit": 502}, words=("502",), lasts=False),
    "half a body": Trouble({"truncate": 0.5}, lasts=False),
    "silence after the deed": Trouble({"stall_after_commit": True}, lasts=False),
    # Pages and rows.
    "an empty page": Trouble(spoilt({"at": ["records"], "clear": True}), lasts=False),
    "no records": Trouble(spoilt({"at": ["records"], "remove": True}), lasts=False),
    "records that are an object": Trouble(spoilt({"at": ["records"], "set": {}}), lasts=False),
    "a page that leads back": Trouble(
        spoilt(
            {"at": ["done"], "set": False},
            {"at": ["nextRecordsUrl"], "set": "/services/data/v68.0/query/0r8000000000001AAA-0"},
        ),
        lasts=False,
    ),
    "upside down": Trouble(
        spoilt({"at": ["records"], "reverse": True}), is_harmless=True, lasts=False
    ),
    "results of other records": Trouble(
        spoilt({"at": ["*", "id"], "set": "0015g000004abCDEAY"}), lasts=False
    ),
    "results without an id": Trouble(
        spoilt({"at": ["*", "id"], "remove": True}), is_harmless=True, lasts=False
    ),
}
