"""What can go wrong with a request to any CRM, as the emulated ones take it."""

from collections.abc import Mapping
from typing import Any

PAGE = "<html><body>Bad gateway</body></html>"

ANYWHERE: Mapping[str, dict[str, Any]] = {
    "429": {"status": 429},
    "429 with seconds": {"status": 429, "retry_after": 2},
    "429 with a date": {"status": 429, "retry_after": "Thu, 02 Jul 2026 04:00:00 GMT"},
    "429 for a day": {"status": 429, "retry_after": 86_400},
    "429 for a year": {"status": 429, "retry_after": 31_536_000},
    "500": {"status": 500},
    "502 with a page": {"status": 502, "body": PAGE},
    "503 with a wait": {"status": 503, "retry_after": 1},
    "504": {"status": 504},
    "401, expired": {"expired": True},
    "cut before it is read": {"reset": True},
    "carried out, then cut": {"drop_after_commit": True},
    "carried out, then 500": {"status_after_commit": 500},
    "carried out, then 502": {"status_after_commit": 502, "body": PAGE},
    "carried out, then 504": {"status_after_commit": 504},
    "carried out, never answered": {"stall_after_commit": True},
    "never answered": {"stall": True},
    "late": {"delay": 0.05},
    "dripping": {"drip": 0.1, "chunk": 8},
    "cut in the middle": {"truncate": 0.5},
    "cut at the end": {"truncate": 0.97},
    "a page in place of data": {"html": True},
    "an empty answer": {"status": 200, "body": ""},
    "a bomb": {"gzip_bomb": 33},
}
# A bomb costs a second of work, and shows nothing new the tenth time.
RARE = {"a bomb": 0.1, "dripping": 0.3}
