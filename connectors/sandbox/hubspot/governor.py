"""Rate limits and the counters that show how a client behaved.

A rolling ten seconds for each application; one second for search (all applications together,
without headers); a day, shared by all but apps of OAuth, that ends at midnight in the portal's
zone; and, if a switch says so, the associations API's own ten seconds and day. The short windows
use the machine's monotonic clock.
"""

import time
from collections import Counter, deque

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot.keys import Application
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.wire import ApiError

_INTERVAL = 10.0
_POLICIES = {
    "TEN_SECONDLY_ROLLING": "You have reached your ten_secondly_rolling limit.",
    "SECONDLY": "You have reached your secondly limit.",
    "DAILY": "You have reached your daily limit.",
}
_APART = "ASSOCIATIONS_"
_VIOLATIONS_KEPT = 1000


class Governor:
    """Admits or refuses each call, and counts both."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._recent: dict[tuple[str, str], deque[float]] = {}
        self._searches: deque[float] = deque()
        self._day = ""
        self._associations_today = 0
        self._peaks: Counter[str] = Counter()
        self._details: deque[JsonObject] = deque(maxlen=_VIOLATIONS_KEPT)
        self.requests: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        names = [*_POLICIES, *(f"{_APART}{name}" for name in _POLICIES if name != "SECONDLY")]
        self.violations: Counter[str] = Counter(dict.fromkeys(names, 0))

    def admit(
        self, application: Application, *, is_search: bool, is_association: bool = False
    ) -> dict[str, str]:
        """Count a call and return its rate headers; 429 when a limit is reached."""
        switches = self._portal.switches
        now = time.monotonic()
        self._turn_day()
        apart = _APART if is_association and switches.associations_counted_apart else ""
        if not application.is_oauth and self._used(apart) >= self._daily(apart):
            raise self._refused(application, f"{apart}DAILY")
        if is_search:
            self._admit_search(application, now)
            return {}
        recent = self._recent.setdefault((application.id, apart), deque())
        _forget(recent, now - _INTERVAL)
        if len(recent) >= self._maximum(application, apart):
            oldest = recent[0] if recent else now
            wait = int(oldest + _INTERVAL - now) + 1
            raise self._refused(application, f"{apart}TEN_SECONDLY_ROLLING", wait)
        recent.append(now)
        self._peaks[application.name] = max(self._peaks[application.name], len(recent))
        self._count_day(application, apart)
        return self._headers(application, apart, recent, now)

    def _admit_search(self, application: Application, now: float) -> None:
        _forget(self._searches, now - 1.0)
        if len(self._searches) >= self._portal.switches.search_per_second:
            raise self._refused(application, "SECONDLY", wait=1)
        self._searches.append(now)
        self._count_day(application, "")

    def _used(self, apart: str) -> int:
        return self._associations_today if apart else self._portal.used_today

    def _daily(self, apart: str) -> int:
        switches = self._portal.switches
        return switches.associations_daily_limit if apart else switches.daily_limit

    def _maximum(self, application: Application, apart: str) -> int:
        switches = self._portal.switches
        if apart:
            return switches.associations_ten_second_limit
        is_oauth = application.is_oauth
        return switches.oauth_ten_second_limit if is_oauth else switches.ten_second_limit

    def _count_day(self, application: Application, apart: str) -> None:
        if application.is_oauth:
            return
        if apart:
            self._associations_today += 1
        else:
            self._portal.used_today += 1

    def _turn_day(self) -> None:
        today = self._portal.clock.now().astimezone(self._portal.clock.zone).date().isoformat()
        if today != self._day:
            self._day, self._portal.used_today, self._associations_today = today, 0, 0

    def _headers(
        self, application: Application, apart: str, recent: deque[float], now: float
    ) -> dict[str, str]:
        if not self._portal.switches.rate_headers:
            return {}
        maximum = self._maximum(application, apart)
        second = maximum // 10
        this_second = sum(1 for moment in recent if moment > now - 1.0)
        headers = {
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(int(_INTERVAL * 1000)),
            "X-HubSpot-RateLimit-Max": str(maximum),
            "X-HubSpot-RateLimit-Remaining": str(maximum - len(recent)),
            "X-HubSpot-RateLimit-Secondly": str(second),
            "X-HubSpot-RateLimit-Secondly-Remaining": str(max(0, second - this_second)),
        }
        if application.is_oauth:
            return headers
        left = self._daily(apart) - self._used(apart)
        return headers | {
            "X-HubSpot-RateLimit-Daily": str(self._daily(apart)),
            "X-HubSpot-RateLimit-Daily-Remaining": str(left),
        }

    def _refused(self, application: Application, policy: str, wait: int = 0) -> ApiError:
        self.violations[policy] += 1
        self._details.append(
            {
                "at": self._portal.clock.stamp(),
                "policy": policy,
                "application": application.name,
            }
        )
        error = rate_limited(policy.removeprefix(_APART))
        if wait and self._portal.switches.retry_after_on_429:
            error.extra["retry_after"] = wait
        return error

    def forget(self) -> None:
        """Empty the windows and the day's count, as if nobody had called yet."""
        self._recent.clear()
        self._searches.clear()
        self._portal.used_today = self._associations_today = 0

    def as_json(self) -> JsonObject:
        """Return the counters for `GET /__stats`."""
        self._turn_day()
        answered = sum(self.statuses.values())
        refused = sum(count for status, count in self.statuses.items() if status >= "400")
        return {
            "total": sum(self.requests.values()),
            "requests": dict(self.requests.most_common()),
            "statuses": dict(sorted(self.statuses.items())),
            # HubSpot asks that fewer than 5 % of a day's answers be errors.
            "errorPercentage": round(100 * refused / answered, 2) if answered else 0.0,
            "rateLimitViolations": dict(self.violations),
            "violations": list(self._details),
            # The most calls that each application made within ten seconds.
            "peakTenSeconds": dict(self._peaks),
            "usedToday": self._portal.used_today,
            "associationsUsedToday": self._associations_today,
            "oauthRefreshes": dict(self._portal.refreshes),
        }


def rate_limited(policy: str) -> ApiError:
    """Build the 429 of a policy."""
    return ApiError(
        429,
        "RATE_LIMITS",
        _POLICIES[policy],
        extra={"errorType": "RATE_LIMIT", "policyName": policy},
    )


def _forget(window: deque[float], horizon: float) -> None:
    while window and window[0] <= horizon:
        window.popleft()
