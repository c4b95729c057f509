"""The list of deletions of an object: what left without a trace among its rows.

`GET /sobjects/X/deleted/` knows the last fifteen days at most, ignores seconds, and tells up to
when it covers; where its log begins later than we asked for, deletions in between are lost to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from zoneinfo import ZoneInfo

from connectors import values
from connectors.salesforce.client import Client, Json
from connectors.salesforce.errors import Refused
from connectors.salesforce.objects import is_id
from rules.time import Instant, moment_of

# In milliseconds: the narrowest span that the list takes, and the longest, with some room.
SPAN = 60_000
LONGEST = 14 * 24 * 60 * 60 * 1000
TOO_MANY = frozenset({"EXCEEDED_ID_LIMIT", "INVALID_REPLICATION_DATE"})

_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """The ids deleted since a moment, up to `until`; `has_gap`: some may be missing."""

    ids: Sequence[str]
    until: Instant
    has_gap: bool = False


def deleted_since(client: Client, object_name: str, start: Instant, end: Instant) -> Deleted:
    """What was deleted between two moments."""
    earliest = end - LONGEST
    has_gap = start < earliest
    query = [("start", _written(max(start, earliest))), ("end", _written(end))]
    try:
        answer = client.look_at(f"sobjects/{object_name}/deleted/", query)
    except Refused as refused:
        # An object without such a list has no gap in it.
        return Deleted(ids=(), until=end, has_gap=refused.code in TOO_MANY)
    ids = [
        str(each["id"])
        for each in _objects(answer)
        if isinstance(each.get("id"), str) and is_id(each["id"])
    ]
    begins = _instant(answer.get("earliestDateAvailable"))
    covered = _instant(answer.get("latestDateCovered"))
    return Deleted(
        ids=list(dict.fromkeys(ids)),
        until=end if covered is None else min(covered, end),
        has_gap=has_gap or (begins is not None and begins - SPAN > start),
    )


def _objects(answer: Json) -> list[Json]:
    found = answer.get("deletedRecords")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _instant(raw: object) -> Instant | None:
    try:
        return values.instant(raw)
    except values.Unreadable:
        return None


def _written(instant: Instant) -> str:
    return f"{moment_of(instant, _UTC).astimezone(UTC):%Y-%m-%dT%H:%M:%S+00:00}"
