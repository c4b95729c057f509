"""What can go wrong between Arpent and HubSpot, as faults of the emulated portal.

Each row: the fault of one request, and the words that tell of it. What `lasts` also happens to
every request for as long as nobody mends it, and is then always told, unless it is harmless.
"""

from dataclasses import dataclass
from typing import Any

from connectors.sandbox.exchange import JsonObject
from tests.integration.line import Line, hurt

HTML = "<!DOCTYPE html><html><head><title>nginx</title></head><body>pat-na1-echo</body></html>"
NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Trouble:
    """One fault. `words` are in what is said of it, in both languages."""

    fault: dict[str, Any]
    is_harmless: bool = False
    lasts: bool = True
    words: tuple[str, ...] = ()


def limited(policy: str, **rest: Any) -> dict[str, Any]:
    """HubSpot's refusal of a request over a limit."""
    body = {
        "status": "error",
        "message": f"You have reached your {policy.lower()} limit.",
        "errorType": "RATE_LIMIT",
        "category": "RATE_LIMITS",
        "policyName": policy,
    }
    return {"status": 429, "body": body, **rest}


def spoilt(*edits: dict[str, Any]) -> dict[str, Any]:
    return {"spoil": list(edits)}


SCOPES = {
    "status": "error",
    "category": "MISSING_SCOPES",
    "message": "This app hasn't been granted all required scopes.",
    "errors": [{"context": {"requiredGranularScopes": ["crm.objects.companies.read"]}}],
}

TROUBLES: dict[str, Trouble] = {
    # Refusals.
    "401": Trouble({"expired": True}, words=("401",)),
    "403, a scope is missing": Trouble(
        {"status": 403, "body": SCOPES}, words=("crm.objects.companies.read",)
    ),
    "403 in HTML": Trouble({"status": 403, "body": HTML}, words=("403",)),
    "414 in HTML": Trouble({"status": 414, "body": HTML}, words=("414",)),
    "400 without a body": Trouble({"status": 400, "body": ""}, words=("400",), lasts=False),
    "423": Trouble({"status": 423}, words=("423",)),
    "423, with a wait": Trouble({"status": 423, "retry_after": 3}, words=("423",), lasts=False),
    "477": Trouble({"status": 477}, words=("477",)),
    "477, with a wait": Trouble({"status": 477, "retry_after": 7_200}, words=("477",), lasts=False),
    # Limits, with and without a wait that makes sense.
    "429 secondly": Trouble(limited("SECONDLY"), words=("429",), lasts=False),
    "429 ten secondly": Trouble(limited("TEN_SECONDLY_ROLLING"), words=("429",)),
    "429 daily": Trouble(limited("DAILY")),
    "429 of an unknown policy": Trouble(limited("MONTHLY"), words=("429",)),
    "429 in HTML": Trouble({"status": 429, "body": HTML}, words=("429",)),
    "429, wait some seconds": Trouble(
        limited("SECONDLY", retry_after=2), words=("429",), lasts=False
    ),
    "429, wait until a date": Trouble(
        limited("TEN_SECONDLY_ROLLING", retry_after="Mon, 29 Jun 2026 11:00:05 GMT"),
        words=("429",),
    ),
    "429, wait 31 years": Trouble(limited("SECONDLY", retry_after=999_999_999), words=("429",)),
    "429, wait for ever": Trouble(limited("SECONDLY", retry_after="9" * 400), words=("429",)),
    "429, wait less than nothing": Trouble(
        limited("SECONDLY", retry_after=-5), words=("429",), lasts=False
    ),
    "429, wait soon": Trouble(limited("SECONDLY", retry_after="soon"), words=("429",), lasts=False),
    # HubSpot in trouble.
    "500": Trouble({"status": 500}, words=("500",)),
    "502 in HTML": Trouble({"status": 502, "body": HTML}, words=("502",)),
    "503, with a wait": Trouble({"status": 503, "retry_after": 1}, words=("503",), lasts=False),
    "504 without a body": Trouble({"status": 504, "body": ""}, words=("504",)),
    "530": Trouble({"status": 530}, words=("530",)),
    # Answers that are none.
    "HTML with status 200": Trouble({"html": True}),
    "a text with status 200": Trouble({"status": 200, "body": "OK"}),
    "nothing with status 200": Trouble({"status": 200, "body": ""}),
    "an empty object": Trouble({"status": 200, "body": {}}),
    "a list": Trouble({"status": 200, "body": []}),
    "an error with status 200": Trouble({"status": 200, "body": SCOPES}),
    "a redirect": Trouble({"status": 302, "headers": {"Location": "http://127.0.0.1:9/"}}),
    # The line.
    "reset before": Trouble({"reset": True}),
    "reset after the deed": Trouble({"drop_after_commit": True}),
    "502 after the deed": Trouble({"status_after_commit": 502}, words=("502",)),
    "silence": Trouble({"stall": True}, lasts=False),
    "silence after the deed": Trouble({"stall_after_commit": True}, lasts=False),
    "half a body": Trouble({"truncate": 0.5}),
    "a body by drops": Trouble({"drip": 0.05, "chunk": 1}, lasts=False),
    "a bomb": Trouble({"gzip_bomb": 40}, lasts=False),
    # Pages.
    "a cursor that leads back": Trouble(
        spoilt({"at": ["paging"], "set": {"next": {"after": "1"}}})
    ),
    "each result twice": Trouble(spoilt({"at": ["results"], "repeat": True}), is_harmless=True),
    "upside down": Trouble(spoilt({"at": ["results"], "reverse": True}), is_harmless=True),
    "an empty page": Trouble(spoilt({"at": ["results"], "clear": True}), lasts=False),
    "no results": Trouble(spoilt({"at": ["results"], "remove": True})),
    "results that are an object": Trouble(spoilt({"at": ["results"], "set": {}}), lasts=False),
    "a name twice": Trouble(
        spoilt({"at": ["results", "*", "createdAt"], "rename": "updatedAt"}), is_harmless=True
    ),
    "NaN for a total": Trouble(spoilt({"at": ["total"], "set": NAN}), is_harmless=True),
    "ids that are numbers": Trouble(
        spoilt({"at": ["results", "*", "id"], "number": True}), is_harmless=True
    ),
    "errors that are a word": Trouble(spoilt({"at": ["errors"], "set": "none"}), is_harmless=True),
}


def endure(line: Line, trouble: Trouble, places: tuple[JsonObject, ...], everywhere: str) -> None:
    """The line takes a trouble at each place once, then, if it lasts, everywhere; then it is over.

    `everywhere` is what the path of every request of the API has.
    """
    hurt(line, places, trouble.fault, *trouble.words)
    if trouble.lasts:
        line.work()
        line.fail({"match": {"path": everywhere}, "fault": trouble.fault})
        failures = line.cycle()
        assert (failures == {}) is trouble.is_harmless
        for said in failures.values():
            line.assert_told(said, *trouble.words)
    line.recover()
