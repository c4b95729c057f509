"""Every SOQL text that the connector sends, each built by a pure function of this module.

A request's address may take 16,384 bytes with its headers (Salesforce's limits), so lists of fields
and of ids are cut by how long they are once they are quoted for an address. Texts are quoted,
names are checked.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from urllib.parse import quote_plus
from zoneinfo import ZoneInfo

from rules.time import Instant, moment_of

PAGE = 2_000
# What is left of the limit for the list of fields; the ids of a look-up come beside them.
LONGEST_FIELDS = 8_000
LONGEST_IDS = 6_000

_UTC = ZoneInfo("UTC")
_NAME = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)*", re.ASCII)
_ESCAPES = str.maketrans(
    {
        "\\": "\\\\",
        "'": "\\'",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\b": "\\b",
        "\f": "\\f",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From `start` (None: the beginning) up to `end`, which is not in it, by SystemModstamp."""

    start: Instant | None
    end: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The last row that was read: its SystemModstamp (a whole second) and its id."""

    stamp: Instant
    key: str


def changed(
    object_name: str,
    fields: Sequence[str],
    window: Window,
    after: Place | None = None,
    *,
    limit: int = PAGE,
) -> str:
    """The rows of a window in the order of (SystemModstamp, Id), those after a place.

    Several rows share a second, so that the place is both.
    """
    conditions = _within(window)
    if after is not None:
        stamp, key = moment(after.stamp), quoted(after.key)
        conditions.append(
            f"(SystemModstamp > {stamp} OR (SystemModstamp = {stamp} AND Id > {key}))"
        )
    return (
        f"{_select(object_name, fields)} WHERE {' AND '.join(conditions)} "
        f"ORDER BY SystemModstamp, Id LIMIT {limit}"
    )


def in_bulk(object_name: str, fields: Sequence[str], window: Window) -> str:
    """The rows of a window for a bulk job, which gives them in an order of its own."""
    return f"{_select(object_name, fields)} WHERE {' AND '.join(_within(window))}"


def ripened(object_name: str, fields: Sequence[str], column: str, window: Window) -> str:
    """The rows whose own instant falls in a window, whether or not they were modified."""
    conditions = [f"{named(column)} < {moment(window.end)}"]
    if window.start is not None:
        conditions.insert(0, f"{named(column)} >= {moment(window.start)}")
    return f"{_select(object_name, fields)} WHERE {' AND '.join(conditions)}"


def among(object_name: str, fields: Sequence[str], column: str, keys: Sequence[str]) -> str:
    """The rows whose column holds one of some ids."""
    listed = ", ".join(map(quoted, keys))
    return f"{_select(object_name, fields)} WHERE {named(column)} IN ({listed})"


def history(account_ids: Sequence[str], fields: Sequence[str]) -> str:
    """Who changed some fields of some accounts, to what, and when."""
    shown = (
        *("AccountId", "Field", "NewValue", "CreatedDate"),
        *("CreatedById", "CreatedBy.Name", "CreatedBy.Email"),
    )
    listed = ", ".join(map(quoted, fields))
    return f"{among('AccountHistory', shown, 'AccountId', account_ids)} AND Field IN ({listed})"


def organization() -> str:
    """The org itself: one row."""
    fields = ("Id", "Name", "IsSandbox", "TimeZoneSidKey", "DefaultLocaleSidKey")
    return _select("Organization", fields)


def users() -> str:
    """Everybody who can own records; customers' portal users are not among them."""
    fields = ("Id", "Name", "Email", "IsActive")
    return f"{_select('User', fields)} WHERE UserType = 'Standard' ORDER BY Id"


def stages() -> str:
    """The stages of opportunities, those out of use too: the past was made in them."""
    fields = (
        *("Id", "ApiName", "MasterLabel", "IsClosed", "IsWon"),
        *("DefaultProbability", "SortOrder"),
    )
    return f"{_select('OpportunityStage', fields)} ORDER BY SortOrder, Id"


def currencies() -> str:
    """The currencies of an org that has several, with the rate of today."""
    return _select("CurrencyType", ("IsoCode", "ConversionRate", "IsCorporate"))


def dated_rates() -> str:
    """The rates by period, of an org with advanced currency management."""
    fields = ("IsoCode", "StartDate", "NextStartDate", "ConversionRate")
    return _select("DatedConversionRate", fields)


def task_words() -> tuple[str, str]:
    """The org's own words for the status and for the priority of a task."""
    status = ("ApiName", "IsClosed", "IsDefault", "SortOrder")
    priority = ("ApiName", "IsHighPriority", "IsDefault", "SortOrder")
    return (
        f"{_select('TaskStatus', status)} ORDER BY SortOrder",
        f"{_select('TaskPriority', priority)} ORDER BY SortOrder",
    )


def tasks_on(account_id: str) -> str:
    """The to-dos on an account, newest first, with the text that bears our mark."""
    return (
        f"{_select('Task', ('Id', 'Description'))} WHERE WhatId = {quoted(account_id)} "
        "AND TaskSubtype = 'Task' ORDER BY CreatedDate DESC, Id DESC"
    )


def task_by_key(field: str, key: str) -> str:
    """The task with our key in a field of its own, and what it is about."""
    fields = ("Id", "WhatId", "AccountId")
    return f"{_select('Task', fields)} WHERE {named(field)} = {quoted(key)} ORDER BY Id LIMIT 1"


def task(task_id: str) -> str:
    """Whether a task is open."""
    return f"{_select('Task', ('Id', 'IsClosed'))} WHERE Id = {quoted(task_id)}"


def tasks(task_ids: Sequence[str]) -> str:
    """How some tasks stand; asked with deleted and archived rows, so that none is missing."""
    return among("Task", ("Id", "Status", "IsClosed", "IsDeleted", "ActivityDate"), "Id", task_ids)


def own_custom_fields(object_name: str) -> str:
    """Our fields of an object, for the Tooling API, where names lack their suffix."""
    fields = ("Id", "DeveloperName", "NamespacePrefix")
    return (
        f"{_select('CustomField', fields)} WHERE TableEnumOrId = {quoted(object_name)} "
        "AND DeveloperName LIKE 'arpent%'"
    )


def room() -> str:
    """How many custom fields accounts may have and how many more, for the Tooling API."""
    return (
        f"{_select('EntityLimit', ('Max', 'Remaining'))} "
        "WHERE EntityDefinitionId = 'Account' AND Type = 'CustomFields'"
    )


def permission_set(name: str) -> str:
    """A permission set by its name; those of packages have a prefix."""
    return (
        f"{_select('PermissionSet', ('Id', 'Description'))} WHERE Name = {quoted(name)} "
        "AND NamespacePrefix = null"
    )


def field_permissions(permission_set_id: str, object_name: str | None = None) -> str:
    """What a permission set allows on fields of an object, or of all objects."""
    fields = ("Id", "Field", "PermissionsRead", "PermissionsEdit")
    of_set = f"{_select('FieldPermissions', fields)} WHERE ParentId = {quoted(permission_set_id)}"
    return of_set if object_name is None else f"{of_set} AND SobjectType = {quoted(object_name)}"


def assignments(permission_set_id: str) -> str:
    """Who has a permission set."""
    fields = ("Id", "AssigneeId")
    return (
        f"{_select('PermissionSetAssignment', fields)} "
        f"WHERE PermissionSetId = {quoted(permission_set_id)}"
    )


def losers(object_name: str, winners: Sequence[str]) -> str:
    """The records that were merged into some others."""
    return among(object_name, ("Id", "MasterRecordId"), "MasterRecordId", winners)


def quoted(written: str) -> str:
    """A text as SOQL writes it."""
    return f"'{written.translate(_ESCAPES)}'"


def moment(instant: Instant) -> str:
    """An instant as SOQL writes it, cut to the second."""
    return f"{moment_of(instant, _UTC).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def fields_in_address(fields: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """The fields that an address has room for, and the rest."""
    room = LONGEST_FIELDS
    for place, field in enumerate(fields):
        room -= len(quote_plus(f"{field}, "))
        if room < 0:
            return fields[:place], fields[place:]
    return fields, ()


def chunks(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    """Ids, cut by the room that an address has for them."""
    start, room = 0, LONGEST_IDS
    for place, key in enumerate(keys):
        room -= len(quote_plus(f"{quoted(key)}, "))
        if room < 0:
            yield keys[start:place]
            start, room = place, LONGEST_IDS - len(quote_plus(f"{quoted(key)}, "))
    if start < len(keys):
        yield keys[start:]


def _within(window: Window) -> list[str]:
    conditions = [f"SystemModstamp < {moment(window.end)}"]
    if window.start is not None:
        conditions.insert(0, f"SystemModstamp >= {moment(window.start)}")
    return conditions


def _select(object_name: str, fields: Sequence[str]) -> str:
    return f"SELECT {', '.join(map(named, fields))} FROM {named(object_name)}"  # noqa: S608 - names are checked


def named(name: str) -> str:
    """A name, which may come from the settings and is never a piece of SOQL."""
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"not a name of Salesforce's: {name!r}")
    return name
