"""Incidents: what is wrong with the schedule or a CRM, since when, and whether ops were told.

A row is a matter. It is told when it begins and when it ends, never in between, whatever its words
become meanwhile; a matter that has ended leaves its row once that was told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from rules.language import Text
from rules.time import Instant
from service.store.tables import incident


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A matter that is wrong since an instant, or was until `ended_at`."""

    subject: str
    text: Text
    since_at: Instant
    ended_at: Instant | None


def follow(
    connection: Connection, found: Mapping[str, Text | None], now: Instant
) -> list[Incident]:
    """Take in what was found of some subjects, None where all is well; returns what changed."""
    rows = connection.execute(select(incident).where(incident.c.subject.in_(list(found))))
    known = {row.subject: row for row in rows}
    changed = []
    for subject, text in found.items():
        row = known.get(subject)
        is_open = row is not None and row.ended_at is None
        if text is not None and not is_open:
            changed.append(_begin(connection, subject, text, now, is_known=row is not None))
        elif text is None and row is not None and is_open:
            _set(connection, subject, ended_at=now, told_at=None)
            changed.append(_incident(row, ended_at=now))
    return changed


def untold(connection: Connection) -> list[Incident]:
    """The incidents whose last change was not told yet, in their order."""
    rows = connection.execute(
        select(incident).where(incident.c.told_at.is_(None)).order_by(incident.c.since_at)
    )
    return [_incident(row, ended_at=row.ended_at) for row in rows]


def mark_told(connection: Connection, told: Sequence[Incident], now: Instant) -> None:
    """Record that the mail has left; what has ended is forgotten, unless it began again since."""
    for each in told:
        is_same = (incident.c.subject == each.subject) & (
            incident.c.ended_at.is_not_distinct_from(each.ended_at)
        )
        if each.ended_at is None:
            connection.execute(update(incident).where(is_same).values(told_at=now))
        else:
            connection.execute(delete(incident).where(is_same))


def open_ones(connection: Connection) -> list[Incident]:
    """What is wrong now, the oldest first."""
    rows = connection.execute(
        select(incident).where(incident.c.ended_at.is_(None)).order_by(incident.c.since_at)
    )
    return [_incident(row, ended_at=None) for row in rows]


def _begin(
    connection: Connection, subject: str, text: Text, now: Instant, *, is_known: bool
) -> Incident:
    values = {"text_fr": text.fr, "text_en": text.en, "since_at": now}
    if is_known:
        _set(connection, subject, **values, ended_at=None, told_at=None)
    else:
        connection.execute(insert(incident).values(subject=subject, **values))
    return Incident(subject=subject, text=text, since_at=now, ended_at=None)


def _set(connection: Connection, subject: str, **values: object) -> None:
    connection.execute(update(incident).where(incident.c.subject == subject).values(values))


def _incident(row: Row[Any], *, ended_at: Instant | None) -> Incident:
    return Incident(
        subject=row.subject,
        text=Text(row.text_fr, row.text_en),
        since_at=row.since_at,
        ended_at=ended_at,
    )
