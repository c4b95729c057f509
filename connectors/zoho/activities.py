"""Tasks, meetings and calls: what kind of activity each is, when it took place, if it is a contact.

A call is a call and an event a meeting. A task is what its type says, where the organization has
such a field, else what its subject says, when that is no more than one of the words that Zoho
itself proposes there (Email, Call, Meeting); nothing else of a subject is looked at or kept.
Calendar days become noon of UTC, which is the same day from America to Europe; a task that was
closed on its day has the hour of that. Zoho has no field for what became of a meeting: one that the
organization has added is believed. Pure.
"""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from connectors import sales_words, values
from connectors.zoho.objects import MEETING_OUTCOMES, TASK_TYPES
from rules.records import ActivityKind
from rules.time import Day, Instant, day_of

_DAY = 86_400_000
# Zoho's own results of a call in which nobody was reached, in English and in French.
NOT_REACHED_WORDS = ("no response/busy", "pas de réponse/occupé")
_NOT_REACHED = frozenset(sales_words.plain(word) for word in NOT_REACHED_WORDS)
DONE_WORDS = ("completed", "terminé", "terminée", "achevé", "achevée", "complété")
_DONE = frozenset(sales_words.plain(word) for word in DONE_WORDS)
_RECEIVED = "inbound"
_MISSED = "missed"


def noon(day: Day) -> Instant:
    """Noon of a calendar day, in UTC."""
    return day * _DAY + _DAY // 2


def kind_of(row: Mapping[str, object]) -> ActivityKind:
    """The kind of a task; one that says nothing of itself is a note."""
    kinds = (sales_words.kind_of(told) for told in _told(row))
    return next((kind for kind in kinds if kind is not None), ActivityKind.NOTE)


def happened_at(row: Mapping[str, object], zone: ZoneInfo) -> Instant | None:
    """When an activity took place: the start of a meeting or a call, the day of a task.

    `zone` is the organization's: a task that was closed on its day there took place at that moment,
    one that was logged on another day at noon. A task without a day took place when it was closed,
    else when it was made.

    Raises:
        Unreadable: A date is none.
    """
    start = row.get("Start_DateTime") or row.get("Call_Start_Time")
    if start:
        return values.business_instant(start)
    day = values.day(row.get("Due_Date") or None)
    closed = values.business_instant(row.get("Closed_Time") or None)
    if day is not None:
        return closed if closed is not None and day_of(closed, zone) == day else noon(day)
    return values.business_instant(row.get("Created_Time")) if closed is None else closed


def is_closed(row: Mapping[str, object]) -> bool:
    """Whether a task is done: it was closed, or its status says so."""
    return bool(row.get("Closed_Time")) or sales_words.plain(row.get("Status")) in _DONE


def is_contact(
    module: str,
    kind: ActivityKind,
    row: Mapping[str, object],
    happened: Instant | None,
    now: Instant,
) -> bool:
    """Whether an activity is a contact with the customer.

    A meeting counts once it has begun, unless it was not held; a call once it took place, unless it
    was missed or nobody was reached; a task once it is done, if it is a call, a meeting, or an
    e-mail that a rep sent.
    """
    if module == "Events":
        is_held = not any(sales_words.is_not_held(row.get(column)) for column in MEETING_OUTCOMES)
        return is_held and happened is not None and happened <= now
    if module == "Calls":
        return _is_reached(row, happened, now)
    is_received = any(sales_words.is_received(told) for told in _told(row))
    return kind is not ActivityKind.NOTE and not is_received and is_closed(row)


def _is_reached(row: Mapping[str, object], happened: Instant | None, now: Instant) -> bool:
    way = sales_words.plain(row.get("Call_Type"))
    status = sales_words.plain(row.get("Outgoing_Call_Status") or row.get("Call_Status"))
    result = row.get("Call_Result")
    if _MISSED in {way, status} or sales_words.is_not_reached(result, _NOT_REACHED):
        return False
    is_past = happened is not None and happened <= now
    if status and way != _RECEIVED:
        return status in _DONE and is_past
    return is_past


def _told(row: Mapping[str, object]) -> list[object]:
    """The words in which a task may say what it was, in the order in which they are believed."""
    return [row.get(column) for column in (*TASK_TYPES, "Subject")]
