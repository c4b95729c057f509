"""The org's daily budget of calls, and what the limits resources say of it."""

from collections import Counter
from http import HTTPStatus

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.rolling_day import RollingDay
from connectors.sandbox.salesforce.call import Call, Reply
from connectors.sandbox.salesforce.errors import SalesforceError
from connectors.sandbox.salesforce.org import Org

_OTHERS = {
    "ConcurrentAsyncGetReportInstances": 200,
    "DailyAsyncApexExecutions": 250_000,
    "DailyBulkApiBatches": 15_000,
    "DailyBulkV2QueryFileStorageMB": 976_562,
    "DailyBulkV2QueryJobs": 10_000,
    "DailyDeliveredPlatformEvents": 50_000,
    "DailyStreamingApiEvents": 200_000,
    "DataStorageMB": 10_240,
    "FileStorageMB": 10_240,
    "MassEmail": 5000,
    "SingleEmail": 5000,
}


class Budget:
    """Counts the calls of the last 24 hours, and refuses those above the limit."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._day = RollingDay(org.clock)
        # Calls by method and path's shape, and answers by status, for tests.
        self.requests: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()

    @property
    def used(self) -> int:
        """Calls of the last 24 hours."""
        return self._day.used

    def spend(self, number: int = 1) -> None:
        """Count calls (also those of other apps, which share the org's day)."""
        self._day.spend(number)

    def admit(self) -> None:
        """Count a call; SalesforceError 403 when a limit is reached."""
        switches = self._org.switches
        if switches.daily_requests_exceeded or self.used >= switches.daily_limit:
            raise _exceeded("TotalRequests Limit exceeded.")
        if switches.concurrent_requests_exceeded:
            raise _exceeded("ConcurrentRequests (Concurrent API Requests) Limit exceeded.")
        self.spend()

    def header(self) -> dict[str, str]:
        """Return the header that says what is used."""
        if not self._org.switches.limit_header:
            return {}
        return {"Sforce-Limit-Info": f"api-usage={self.used}/{self._org.switches.daily_limit}"}

    def limits(self, _call: Call) -> Reply:
        """`GET /limits`."""
        daily = self._org.switches.daily_limit
        body: JsonObject = {
            name: {"Max": most, "Remaining": most} for name, most in _OTHERS.items()
        }
        body["DailyApiRequests"] = {"Max": daily, "Remaining": max(0, daily - self.used)}
        return Reply(body=dict(sorted(body.items())))


def record_count(call: Call) -> Reply:
    """`GET /limits/recordCount?sObjects=Account,Contact`."""
    wanted = [name for name in call.query.get("sObjects", "").split(",") if name]
    there = [kind for kind in call.org.objects.values() if call.org.has(kind)]
    kinds = [call.org.find_object(name) for name in wanted] or there
    rows = [
        {
            "count": sum(not row.get("IsDeleted") for row in call.org.rows(kind.name)),
            "name": kind.name,
        }
        for kind in kinds
        if kind is not None and kind.prefix is not None
    ]
    return Reply(body={"sObjects": rows})


def _exceeded(message: str) -> SalesforceError:
    return SalesforceError("REQUEST_LIMIT_EXCEEDED", message, status=HTTPStatus.FORBIDDEN)
