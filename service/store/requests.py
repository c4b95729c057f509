"""What a person asked of the schedule: to pause, to do a cycle now, to hold writes."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, delete, select

from rules.time import Instant
from service.store.bulk import bulk_upsert
from service.store.tables import request


class Wanted(StrEnum):
    """What can be asked. `HOLD`, which a restore leaves: read and decide, write to no CRM."""

    PAUSE = "pause"
    NOW = "now"
    HOLD = "hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Who asked, when, and why."""

    author: str
    reason: str
    at: Instant


def ask(connection: Connection, wanted: Wanted, given: Request) -> None:
    """Leave a request for the worker, in place of an earlier one."""
    row = (wanted.value, given.author, given.reason, given.at)
    bulk_upsert(connection, request, ("name", "author", "reason", "at"), [row])


def find(connection: Connection, wanted: Wanted) -> Request | None:
    """The request that stands."""
    row = connection.execute(select(request).where(request.c.name == wanted.value)).one_or_none()
    return Request(author=row.author, reason=row.reason, at=row.at) if row else None


def withdraw(connection: Connection, wanted: Wanted, until: Instant | None = None) -> bool:
    """Take a request away, unless it came after `until`; False when there was none."""
    gone = delete(request).where(request.c.name == wanted.value)
    if until is not None:
        gone = gone.where(request.c.at <= until)
    return connection.execute(gone).rowcount == 1
