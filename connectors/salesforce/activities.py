"""Tasks and events: what kind of activity each is, when it took place, if it is a contact. Pure.

A call or an e-mail is a task of that subtype (or, where people log by hand, of that type), whose
day is its due date; a meeting is an event. Calendar days become noon of UTC, which is the same day
from America to Europe; a task that was closed on its day has the hour of that.
"""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from connectors import sales_words, values
from rules.records import ActivityKind
from rules.time import Day, Instant, day_of

_DAY = 86_400_000
_SUBTYPES = {
    "Call": ActivityKind.CALL,
    "Email": ActivityKind.EMAIL,
    "ListEmail": ActivityKind.EMAIL,
}


def noon(day: Day) -> Instant:
    """Noon of a calendar day, in UTC."""
    return day * _DAY + _DAY // 2


def kind_of(row: Mapping[str, object]) -> ActivityKind:
    """The kind of a task: its subtype, else its type; any other task is a note.

    The picklist of types is the org's own, and so are its words.
    """
    subtype = _SUBTYPES.get(str(row.get("TaskSubtype") or ""))
    return subtype or sales_words.kind_of(row.get("Type")) or ActivityKind.NOTE


def happened_at(row: Mapping[str, object], zone: ZoneInfo) -> Instant | None:
    """When an activity took place: the start of an event, the day of a task.

    `zone` is the org's: a task that was closed on its day there took place at that moment, one
    that was logged on another day at noon. A task without a day took place when it was closed,
    else when it was made.

    Raises:
        Unreadable: A date is none.
    """
    if row.get("StartDateTime"):
        return values.business_instant(row["StartDateTime"])
    day = values.day(row.get("ActivityDate") or None)
    closed = values.business_instant(row.get("CompletedDateTime") or None)
    if day is not None:
        return closed if closed is not None and day_of(closed, zone) == day else noon(day)
    return values.business_instant(row.get("CreatedDate")) if closed is None else closed


def is_contact(
    kind: ActivityKind, row: Mapping[str, object], happened: Instant | None, now: Instant
) -> bool:
    """Whether an activity is a contact with the customer.

    An event counts once it has begun, for the one who called it (copies for guests and the head of
    a series don't); a task counts once it is closed, if it is a call that reached somebody outside,
    an e-mail that a rep sent or a meeting. A meeting whose type says that it was not held is none:
    a task or an event has no other field for it, nor for an e-mail that the customer wrote.
    """
    told = row.get("Type")
    if "StartDateTime" in row:
        is_copy = _is_true(row.get("IsChild")) or _is_true(row.get("IsRecurrence"))
        is_held = not is_copy and not sales_words.is_not_held(told)
        return is_held and happened is not None and happened <= now
    if not _is_true(row.get("IsClosed")):
        return False
    match kind:
        case ActivityKind.CALL:
            is_inside = row.get("CallType") == "Internal"
            return not is_inside and not sales_words.is_not_reached(row.get("CallDisposition"))
        case ActivityKind.EMAIL:
            return not sales_words.is_received(told)
        case ActivityKind.MEETING:
            return True
        case ActivityKind.NOTE:
            return False


def _is_true(raw: object) -> bool:
    return raw is True or raw == "true"
