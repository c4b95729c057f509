"""Rate limits and the counters that show how a client behaved.

Three policies: a rolling ten seconds for each application, one second for search (all
applications together, without headers), and a day that ends at midnight in the portal's zone.
The short windows use the machine's monotonic clock.
"""

import time
from collections import Counter, deque

from connectors.sandbox.portal import Application, Portal
from connectors.sandbox.wire import ApiError, JsonObject

_INTERVAL = 10.0
_POLICIES = {
    "TEN_SECONDLY_ROLLING": "You have reached your ten_secondly_rolling limit.",
    "SECONDLY": "You have reached your secondly limit.",
    "DAILY": "You have reached your daily limit.",
}


class Governor:
    """Admits or refuses each call, and counts both."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._recent: dict[str, deque[float]] = {}
        self._searches: deque[float] = deque()
        self._day = ""
        self.requests: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self.violations: Counter[str] = Counter(dict.fromkeys(_POLICIES, 0))

    def admit(self, application: Application, *, is_search: bool) -> dict[str, str]:
        """Count a call and return its rate headers; 429 when a limit is reached."""
        switches = self._portal.switches
        now = time.monotonic()
        self._turn_day()
        if self._portal.used_today >= switches.daily_limit:
            raise self._refused("DAILY")
        if is_search:
            _forget(self._searches, now - 1.0)
            if len(self._searches) >= switches.search_per_second:
                raise self._refused("SECONDLY", wait=1)
            self._searches.append(now)
            self._portal.used_today += 1
            return {}
        recent = self._recent.setdefault(application.id, deque())
        _forget(recent, now - _INTERVAL)
        if len(recent) >= switches.ten_second_limit:
            raise self._refused("TEN_SECONDLY_ROLLING", wait=int(recent[0] + _INTERVAL - now) + 1)
        recent.append(now)
        self._portal.used_today += 1
        return self._headers(recent, now)

    def _turn_day(self) -> None:
        today = self._portal.clock.now().astimezone(self._portal.clock.zone).date().isoformat()
        if today != self._day:
            self._day, self._portal.used_today = today, 0

    def _headers(self, recent: deque[float], now: float) -> dict[str, str]:
        switches = self._portal.switches
        left = switches.daily_limit - self._portal.used_today
        second = switches.ten_second_limit // 10
        this_second = sum(1 for moment in recent if moment > now - 1.0)
        return {
            "X-HubSpot-RateLimit-Daily": str(switches.daily_limit),
            "X-HubSpot-RateLimit-Daily-Remaining": str(left),
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(int(_INTERVAL * 1000)),
            "X-HubSpot-RateLimit-Max": str(switches.ten_second_limit),
            "X-HubSpot-RateLimit-Remaining": str(switches.ten_second_limit - len(recent)),
            "X-HubSpot-RateLimit-Secondly": str(second),
            "X-HubSpot-RateLimit-Secondly-Remaining": str(max(0, second - this_second)),
        }

    def _refused(self, policy: str, wait: int = 0) -> ApiError:
        self.violations[policy] += 1
        error = rate_limited(policy)
        if wait and self._portal.switches.retry_after_on_429:
            error.extra["retry_after"] = wait
        return error

    def forget(self) -> None:
        """Empty the windows and the day's count, as if nobody had called yet."""
        self._recent.clear()
        self._searches.clear()
        self._portal.used_today = 0

    def as_json(self) -> JsonObject:
        """Return the counters for `GET /__stats`."""
        return {
            "total": sum(self.requests.values()),
            "requests": dict(self.requests.most_common()),
            "statuses": dict(sorted(self.statuses.items())),
            "rateLimitViolations": dict(self.violations),
            "usedToday": self._portal.used_today,
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
